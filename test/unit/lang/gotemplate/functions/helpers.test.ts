import { describe, expect, it } from 'vitest'
import {
  type FunctionTable,
  goStruct,
  goValue,
  helperFunctions,
  parseTemplate,
} from '../../../../../src/lang/gotemplate/index.ts'

const functions: FunctionTable = helperFunctions(() => Date.UTC(2026, 2, 7, 15, 4, 5, 60))

const data = {
  words: ['b', 'a', 'c'],
  map: { b: 2, a: '<&>', c: { d: [] } },
  paths: { 'x/y/z': 1, 'x/w': 2, v: 3 },
  pairs: [
    { Key: 'redis/a/b', Value: '1' },
    { Key: 'redis/c', Value: '2' },
    { Key: 'top', Value: '3' },
  ],
  tagged: [
    { Name: 'one', Tags: ['a', 'b'] },
    { Name: 'two', Tags: ['b'] },
  ],
}

const run = (source: string) => {
  const parsed = parseTemplate(source, { functions })
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error.message}`)
  return parsed.template.execute(data)
}

describe('the helper functions', () => {
  it.each<[string, string]>([
    ['{{ "a,b,,c" | split "," }}{{ len (split "," "") }}{{ len (split "," " a ") }}', '[a b  c]01'],
    ['{{ "abc" | split "" | join "-" }}', 'a-b-c'],
    ['{{ .words | join ", " }}', 'b, a, c'],
    ['{{ "a=1,b=2,c" | splitToMap "," "=" }}{{ index (splitToMap "," "=" "") "x" }}', 'map[a:1 b:2]'],
    ['{{ "a.b.c" | replaceAll "." "_" }}{{ "héy" | replaceAll "" "-" }}', 'a_b_c-h-é-y-'],
    ['{{ "foo123" | regexMatch "[a-z]+[0-9]+" }}{{ "foo" | regexMatch "^[0-9]" }}', 'truefalse'],
    ['{{ "foo123bar" | regexReplaceAll "([a-z]+)([0-9]+)" "$2-${1}!" }}', '123-foo!bar'],
    [
      '[{{ "  x\u0085\\n" | trimSpace }}][{{ "xxaxx" | trim "x" }}][{{ "prefix-a" | trimPrefix "prefix-" }}][{{ "a.txt" | trimSuffix ".txt" }}]',
      '[x][a][a][a]',
    ],
    [
      '{{ "ÄBc" | toLower }}{{ "äbß" | toUpper }}{{ "hello wORLD don\'t a-b 3d" | toTitle }}',
      "äbcÄBßHello WORLD Don't A-B 3D",
    ],
    [
      '{{ "héllo" | base64Encode }}{{ "aMOpbGxv" | base64Decode }}{{ "a?>" | base64URLEncode }}{{ "YT8-" | base64URLDecode }}',
      'aMOpbGxvhélloYT8-a?>',
    ],
    ['{{ "a" | base64URLEncode }}{{ "YQ==" | base64URLDecode }}', 'YQ==a'],
    ['{{ sha256Hex "a" }}', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
    ['{{ md5sum "a" }}', '0cc175b9c0f1b6a831c399e269772661'],
    ['{{ hmacSHA256Hex "message" "key" }}', '6e9ef29b75fffc5b7abae527d58fdadb2fe42e7219011976917343065f58ed4a'],
    ['{{ "a\\n\\nb" | indent 2 }}', '  a\n\n  b'],
    [
      '{{ range loop 3 }}{{ . }}{{ end }}|{{ range loop 5 8 }}{{ . }}{{ end }}|{{ range loop "2" }}{{ . }}{{ end }}',
      '012|567|01',
    ],
    [
      '{{ .words | contains "a" }}{{ .words | contains "z" }}{{ "abc" | contains "bc" }}{{ in .words "b" }}{{ in 1 2 }}',
      'truefalsetruetruefalse',
    ],
    ['{{ .words | containsAll (split "," "a,b") }}{{ .words | containsAll (split "," "a,z") }}', 'truefalse'],
    ['{{ .words | containsAny (split "," "z,b") }}{{ .words | containsAny (split "," "z") }}', 'truefalse'],
    ['{{ .words | containsNone (split "," "z") }}{{ .words | containsNone (split "," "z,a") }}', 'truefalse'],
    ['{{ .words | containsNotAll (split "," "z,a") }}{{ .words | containsNotAll (split "," "a") }}', 'truefalse'],
    [
      '{{ 10 | add 3 }} {{ 10 | subtract 3 }} {{ 10 | multiply 3 }} {{ 10 | divide 3 }} {{ 10 | modulo 3 }}',
      '13 7 30 3 1',
    ],
    ['{{ -7 | divide 2 }} {{ -7 | modulo 2 }} {{ 1.5 | add 1 }} {{ 3 | divide 2.0 }}', '-3 -1 2.5 1.5'],
    ['{{ 9223372036854775807 | add 1 }}', '-9223372036854775808'],
    ['{{ 10 | minimum 3 }}{{ 10 | maximum 3 }}{{ 1.5 | minimum 1 }}{{ 1.5 | maximum 1 }}', '31011.5'],
    [
      '{{ parseBool "T" }}{{ parseBool "" }}{{ parseInt "-42" }}{{ parseInt "" }}{{ parseUint "18446744073709551615" }}{{ parseFloat "1e3" }}',
      'truefalse-420184467440737095516151000',
    ],
    ['{{ toJSON .map }}', '{"a":"\\u003c\\u0026\\u003e","b":2,"c":{"d":[]}}'],
    [
      '{{ toUnescapedJSON .map.a }}{{ toJSON "a\\u2028\\n\\"" }}{{ toJSON 1.5 }}{{ toJSON nil }}',
      '"<&>""a\\u2028\\n\\""1.5null',
    ],
    ['{{ toJSONPretty .map }}', '{\n  "a": "\\u003c\\u0026\\u003e",\n  "b": 2,\n  "c": {\n    "d": []\n  }\n}'],
    [
      '{{ with parseJSON "{\\"a\\":[1,2.5,\\"x\\",null,true],\\"b\\":1000000}" }}{{ .a }} {{ .b }} {{ printf "%T" .b }}{{ end }}{{ parseJSON "" }}',
      '[1 2.5 x <nil> true] 1e+06 float64map[]',
    ],
    ['{{ byKey .pairs }}', 'map[redis:map[a/b:map[Key:a/b Value:1] c:map[Key:c Value:2]]]'],
    [
      '{{ range $tag, $services := byTag .tagged }}{{ $tag }}:{{ range $services }}{{ .Name }} {{ end }}{{ end }}',
      'a:one b:one two ',
    ],
    ['{{ explode .pairs }}', 'map[redis:map[a:map[b:1] c:2] top:3]'],
    ['{{ explodeMap .paths }}', 'map[v:3 x:map[w:2 y:map[z:1]]]'],
    [
      '{{ mergeMap (parseJSON "{\\"a\\":1,\\"c\\":{\\"x\\":1}}") (parseJSON "{\\"a\\":2,\\"b\\":2,\\"c\\":{\\"y\\":2}}") }}',
      'map[a:1 b:2 c:map[x:1 y:2]]',
    ],
    ['{{ mergeMapWithOverride (parseJSON "{\\"a\\":1}") (parseJSON "{\\"a\\":2,\\"b\\":0}") }}', 'map[a:2 b:0]'],
    [
      '{{ timestamp }} {{ timestamp "unix" }} {{ timestamp "Mon Jan _2 15:04:05.000 MST 2006 03PM -0700" }}',
      '2026-03-07T15:04:05Z 1772895845 Sat Mar  7 15:04:05.060 UTC 2026 03PM +0000',
    ],
    [
      '{{ timestamp "2006-002 06/1/2 3:4:5pm .999 Monday January Z07:00 -07:00" }}',
      '2026-066 26/3/7 3:4:5pm .06 Saturday March Z +00:00',
    ],
  ])('make of %s what consul-template makes of it', (source, text) => {
    expect(run(source)).toEqual({ ok: true, text })
  })

  it.each<[string, string]>([
    ['{{ base64Decode "a" }}', 'base64Decode: illegal base64 data'],
    ['{{ base64Decode "YT8-" }}', 'base64Decode: illegal base64 data'],
    ['{{ regexMatch "(" "x" }}', 'error parsing regexp'],
    ['{{ regexReplaceAll "(?=x)" "" "x" }}', 'error parsing regexp'],
    ['{{ parseInt "1.5" }}', 'parseInt: parsing "1.5": invalid syntax'],
    ['{{ parseInt "9223372036854775808" }}', 'value out of range'],
    ['{{ parseUint "-1" }}', 'invalid syntax'],
    ['{{ parseFloat "x" }}', 'invalid syntax'],
    ['{{ parseBool "yes" }}', 'invalid syntax'],
    ['{{ parseJSON "{" }}', 'not valid JSON'],
    ['{{ toUpper 1 }}', 'wrong type for value; expected string; got int'],
    ['{{ toUpper nil }}', 'invalid value; expected string'],
    ['{{ join "," 1 }}', 'wrong type for value; expected []interface {}; got int'],
    ['{{ add "1" 2 }}', 'add: unknown type for "1" (string)'],
    ['{{ modulo 2 1.5 }}', 'modulo: unknown type for "1.5" (float64)'],
    ['{{ divide 0 1 }}', 'integer divide by zero'],
    ['{{ modulo 0 1 }}', 'integer divide by zero'],
    ['{{ indent -1 "x" }}', 'indent value must be a positive integer'],
    ['{{ indent 9999999999 "x" }}', 'the result is longer than'],
    ['{{ loop 1000001 }}', 'loop: more than 1000000 turns'],
    ['{{ loop 1.5 }}', 'loop: bad argument type: float64'],
    ['{{ loop }}', 'wrong number of args for loop: want at least 1 got 0'],
    ['{{ explodeMap (parseJSON "{\\"a\\":1,\\"a/b\\":2}") }}', 'not a map: "a/b": "a" already has a value'],
    ['{{ byTag .words }}', 'byTag: wrong argument type string'],
    ['{{ timestamp "a" "b" }}', 'want at most 1 got 2'],
    ['{{ $x := printf "%100000d" 1 }}{{ replaceAll " " $x $x }}', 'the result is longer than'],
    [
      '{{ $x := printf "%100000d" 1 }}{{ regexReplaceAll " " "$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0$0" $x }}',
      'the result is longer than',
    ],
    [
      '{{ $x := printf "%100000d" 1 }}{{ range 10000 }}{{ $y := regexMatch "a{100}" $x }}{{ end }}',
      'work through more than',
    ],
  ])('refuse %s', (source, message) => {
    const result = run(source)
    expect(result.ok ? result.text : result.error.message).toContain(message)
  })

  it('write a struct as JSON with its fields in their order', () => {
    const parsed = parseTemplate('{{ toJSON record }}', {
      functions: new Map([
        ...functions,
        [
          'record',
          {
            minArguments: 0,
            maxArguments: 0,
            call: () => goStruct('T', { Port: 1n, Address: 'a', Tags: goValue(['x']) }),
          },
        ],
      ]),
    })
    expect(parsed.ok && parsed.template.execute(null)).toEqual({
      ok: true,
      text: '{"Port":1,"Address":"a","Tags":["x"]}',
    })
  })
})
