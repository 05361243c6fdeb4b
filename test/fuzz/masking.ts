// The masker: whatever is cut wherever, what comes out is what its slow model makes of it, and no value is in it.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskForms } from '../../src/output/mask-forms.ts';
import { createMasker } from '../../src/output/masker.ts';
import { VALUES } from '../unit/mask-values.ts';
import { cut, form, masked, Oracle, someCase } from '../unit/masker-oracle.ts';
import { anyUnits, around } from './mutation.ts';
import { target } from './target.ts';

const text = (buffers: readonly Buffer[]) => Buffer.concat(buffers).toString('latin1');
const kept = someCase.map(({ forms, stream, cuts }) => ({
  forms: forms.map(({ bytes, wraps }) => ({ text: bytes.toString('latin1'), wraps })),
  stream: stream.toString('latin1'),
  cuts,
}));

// In which of a value's ways of being written it stands in the output.
const WAYS: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => JSON.stringify(value).slice(1, -1),
  (value) => encodeURIComponent(value),
  (value) => Buffer.from(value).toString('base64'),
  (value) => Buffer.from(value).toString('hex'),
];

export const targets = [
  target(
    'the masker, beside its model',
    fc.record({ given: kept, pauses: fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }) }),
    ({ given, pauses }) => {
      const forms = given.forms.map(({ text, wraps }) => form(text, wraps));
      const stream = Buffer.from(given.stream, 'latin1');
      const masker = createMasker(forms);
      const oracle = new Oracle(forms);
      for (const [index, chunk] of cut(stream, given.cuts).entries()) {
        assert.equal(text(masker.push(chunk)), oracle.push(chunk));
        assert.equal(masker.isHolding, oracle.isHolding);
        if (pauses[index % pauses.length]) assert.equal(text(masker.release()), oracle.release());
      }
      assert.equal(text(masker.end()), oracle.end());
      const whole = createMasker(forms);
      assert.equal(
        text([...cut(stream, given.cuts).flatMap((chunk) => whole.push(chunk)), ...whole.end()]),
        masked(forms, stream),
      );
    },
    { weight: 2 },
  ),
  target(
    'values in an output that is cut anywhere',
    fc.record({
      values: fc.array(around(VALUES), { minLength: 1, maxLength: 2 }),
      ways: fc.array(fc.nat({ max: WAYS.length - 1 }), { minLength: 1, maxLength: 3 }),
      between: anyUnits,
      cuts: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
    }),
    ({ values, ways, between, cuts }) => {
      const all = values.map((value) => value.slice(0, 3000).toWellFormed());
      const masker = createMasker(maskForms(all));
      const parts = ways.flatMap((way) => all.map((value) => WAYS[way]?.(value) ?? ''));
      const stream = Buffer.from(parts.join(`\n${between.replace(/[\ud800-\udfff]/g, '')}\n`));
      const lengths = stream.length > 5000 ? cuts.map((length) => length * 50) : cuts;
      const out = Buffer.concat([
        ...cut(stream, lengths).flatMap((chunk) => masker.push(chunk)),
        ...masker.end(),
      ]);
      for (const value of all) {
        if (value.trim() === '' || Buffer.byteLength(value) < 4 || '[MASKED]'.includes(value.trim()))
          continue;
        for (const write of WAYS) assert.ok(!out.includes(write(value)), 'a value came through');
      }
    },
  ),
];
