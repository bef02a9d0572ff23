import type { Random } from '../random.ts'

/** Texts that parsers, stores and headers of other programs have stumbled over, without those that HTTP itself cannot carry. */
export const oddTexts: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  '٣',
  'null',
  'undefined',
  'NaN',
  'true',
  '[]',
  '{}',
  '"',
  "' OR '1'='1",
  '../../etc/passwd',
  '..',
  '.',
  '%2e%2e%2f',
  '%00',
  '#',
  '#E',
  'office#KEYS',
  '\u0000',
  '\r\nx-injected: 1',
  '\u2028\u2029',
  '\ufeff',
  '\u202eabc',
  '\ud83d\ude00'.repeat(60),
  'é',
  'e\u0301',
  'ﬃ',
  'İ',
  'ß',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '=1+1',
  '@SUM(A1)',
  '<script>alert(1)</script>',
  '{{7*7}}',
  '2026-02-30T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '1970-01-01T00:00:00Z',
  '2026-11-24T08:00:00+25:00',
  '999999999999999999999999',
  '*',
  '**',
  '+',
  '+33',
  '00',
  'a'.repeat(41),
  'a'.repeat(101),
  'a'.repeat(201),
  'a'.repeat(256),
  'é'.repeat(128),
]

/** The same, and lone surrogates and long texts, which only a body can carry. */
const oddBodyTexts: readonly string[] = [...oddTexts, '\ud800', 'x\udfff', 'a'.repeat(1_025), '9'.repeat(5_000)]

const oddNumbers = [0, -0, -1, 1, 0.5, 1e21, -1e21, 1e308, 2 ** 31, 2 ** 53, -(2 ** 63), 1e-7, 86_400_001]

/** Returns a value of any type. */
export function oddValue(random: Random, depth = 0): unknown {
  const kinds = [
    () => random.pick(oddBodyTexts),
    () => random.pick(oddBodyTexts),
    () => random.pick(oddNumbers),
    () => random.next() < 0.5,
    () => null,
    () => Array.from({ length: random.below(4) }, () => (depth > 3 ? 0 : oddValue(random, depth + 1))),
    () => ({ [random.pick(oddBodyTexts)]: depth > 3 ? 0 : oddValue(random, depth + 1) }),
  ]
  return random.pick(kinds)()
}

const repeated = (text: string, times: number) => text.repeat(times)

/** Returns bytes that are sent as a body, or the text of a frame, instead of the JSON that belongs there. */
export function oddBytes(random: Random, json: string): Buffer {
  const depth = random.pick([50, 2_000, 20_000])
  const kinds: (() => string | Buffer)[] = [
    () => '',
    () => ' ',
    () => '{',
    () => 'null',
    () => '[]',
    () => '"text"',
    () => '1e999',
    () => `${json}${json}`,
    () => json.slice(0, random.below(json.length + 1)),
    () => `\ufeff${json}`,
    () => json.replaceAll('"', "'"),
    () => json.replace('{', '{"__proto__":{"isAdmin":true},'),
    () => json.replace(/^\{("[^"]*"):/, '{$1:1,$1:'),
    () => repeated('[', depth),
    () => repeated('[', depth) + repeated(']', depth),
    () => `${repeated('{"a":', depth)}1${repeated('}', depth)}`,
    () => `{${Array.from({ length: 3_000 }, (_, n) => `"k${n}":${n}`).join(',')}}`,
    () => Buffer.from([0xff, 0xfe, 0x00, 0xd8]),
    () => Buffer.from(json, 'utf16le'),
    () => Buffer.concat([Buffer.from(json), Buffer.from([0xc3, 0x28])]),
    () => 'name=x&site=y',
    () => 'matricule,note\n1,2\n"3,4',
    () => `matricule,note\n${repeated('"""",""""\n', 500)}`,
    () => '<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>',
  ]
  return Buffer.from(random.pick(kinds)())
}
