// Help of `civault download`.

export const DOWNLOAD = `Download files of a GitLab release, or of a generic package: checked, resumed
after a cut, and in their places only when all of them are whole.

Usage:
  civault download ASSET...
  civault download --package NAME/VERSION/FILE

ASSET is the name of one of the release's links, its direct asset path, or a
pattern of either: *, ? and [a-z] as in a shell, within one folder and not for
names that begin with a dot. A file gets the last part of that name.

Flags:
  --project GROUP/PROJECT whose release it is, or its number; the job's own
                          (CI_PROJECT_ID) unless said
  --tag TAG               the release's tag; unless said latest: the newest one
  --package N/V/F         a file of a generic package in place of a release's
  --output FILE           write that file; with several, or with a slash at its
                          end, a folder, which is made if it is not there
  --executable            let whoever may read a file run it too
  --sha256 HEX            what the file's SHA-256 must be

A file is checked against --sha256, else SHA256SUMS of the release (or
ASSET.sha256), else X-Checksum-SHA256 of GitLab's answer. Where there is none,
that is told. Those of the release show what was spoilt on the way; only a
--sha256 of your own shows what was changed by whoever can change the release.
A file that is there already as it should be is not fetched again. What came
of one before a cut stays in FILE.part, and the next run goes on there.

Settings (flags win over the environment):
  --server URL            CI_API_V4_URL, CI_SERVER_URL
  --token-variable V      the variable with GitLab's token; CI_JOB_TOKEN, else
                          GITLAB_TOKEN (a personal, group, project or deploy
                          token), and none unless said for another GitLab than
                          the one that runs the job; it is sent to GitLab's own
                          address alone
  --ca-file FILE          else the system's certificates and
                          CI_SERVER_TLS_CA_FILE
  --timeout TIME          for the whole run; none unless said. What brings
                          nothing for 30 s is cut, and tried again
  --retries N             5, counted anew with each MB that is gained
  --timing                tell what took how long, on standard error

Examples:
  civault download civault-linux-amd64 --project platform/civault \\
    --tag v1.2.3 --sha256 "$CIVAULT_SHA256" --executable --output /bin/civault
  civault download '*.deb' SHA256SUMS --tag "$CI_COMMIT_TAG" --output dist/
  civault download --package app/1.2.3/app.tar.gz --project 42

Exit status: 0 done, 1 a bug, 2 usage or setting, 4 refused, 5 not there,
6 cannot be reached (worth a retry), 7 not to be trusted
`;
