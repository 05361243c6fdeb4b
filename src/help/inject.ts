// Help of `civault inject`.

import { REFERENCES, SETTINGS } from './common.ts';

export const INJECT = `Fill the placeholders of a template with fields of secrets, and write the
result to standard output or to a file. All else in the template stays as it
is, byte for byte.

Usage:
  civault inject [FILE]           without FILE, or as -, from standard input

A placeholder stands on one line:
  {{ civault REF }}               the value, byte for byte; without #FIELD the
                                  whole secret as JSON
  {{ civault REF | xml }}         for text and attributes of XML (not CDATA)
  {{ civault REF | json }}        between double quotes in JSON or YAML
  {{ civault REF | uri }}         for a part of a URI, percent-encoded
  {{ civault REF | base64 }}      on one line, padded

Flags:
  --output FILE           write it there, mode 0600, whole or not at all; it
                          may be the template itself

Example, with a settings.xml that holds
  <password>{{ civault secret/data/nexus/ci#password | xml }}</password>
  civault inject ci/settings.xml --output ~/.m2/settings.xml
${REFERENCES}${SETTINGS}`;
