# An image that holds civault and nothing else, to copy it from, by its digest (docs/release.md):
#   COPY --from=registry.example.com/platform/civault:1.2.3@sha256:… /civault /usr/local/bin/
# `make release` puts the files into dist/; each platform takes its own.
FROM scratch
ARG TARGETARCH
COPY --chmod=0755 dist/civault-linux-${TARGETARCH} /civault
ENTRYPOINT ["/civault"]
