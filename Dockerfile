# An image that holds civault and nothing else, to copy it from:
#   COPY --from=registry.example.com/platform/civault /civault /usr/local/bin/
# `make release` puts the files into dist/; each platform takes its own.
FROM scratch
ARG TARGETARCH
COPY --chmod=0755 dist/civault-linux-${TARGETARCH} /civault
ENTRYPOINT ["/civault"]
