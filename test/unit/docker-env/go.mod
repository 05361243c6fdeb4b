module civault.test/docker-env

go 1.22

require github.com/docker/cli v29.9.3+incompatible
