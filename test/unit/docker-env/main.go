// Command docker-env reads files by Docker's own code, as `docker run --env-file` does. It takes a JSON array of texts on
// standard input and writes one of what was read: a list of NAME=value for each text, or null where Docker refuses it.
package main

import (
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/docker/cli/pkg/kvfile"
)

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		log.Fatal(err)
	}
	read := make([][]string, len(texts))
	for index, text := range texts {
		if lines, err := kvfile.ParseFromReader(strings.NewReader(text), nil); err == nil {
			read[index] = lines
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(read); err != nil {
		log.Fatal(err)
	}
}
