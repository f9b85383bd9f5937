import { describe, expect, it } from 'vitest'
import { standardFunctions } from '../../../../src/lang/hcl/functions/registry.ts'
import { isSet } from '../../../../src/lang/hcl/value.ts'
import { evaluateText, valueOf } from '../../../support/hcl.ts'

/** Every line is one call and what it gives; objects are compared without regard to their prototypes. */
const table: readonly (readonly [string, unknown])[] = [
  ['join("-", ["a", 1, true], [], ["b"])', 'a-1-true-b'],
  ['split(",", "a,b,,c")', ['a', 'b', '', 'c']],
  ['split("", "aé")', ['a', 'é']],
  ['upper("aé")', 'AÉ'],
  ['lower("AÉ")', 'aé'],
  ['title("hello wide-world")', 'Hello Wide-World'],
  ['trimspace("  a b\\n")', 'a b'],
  ['trim("?!hello?!", "!?")', 'hello'],
  ['trimprefix("helloworld", "hello")', 'world'],
  ['trimsuffix("helloworld", "world")', 'hello'],
  ['trimprefix("a", "b")', 'a'],
  ['replace("1 + 2 + 3", "+", "-")', '1 - 2 - 3'],
  ['replace("$& x", "x", "$&")', '$& $&'],
  ['regex_replace("a1b22", "[0-9]+", "<$0>")', 'a<1>b<22>'],
  ['regex_replace("key=val", "(?P<k>\\\\w+)=(\\\\w+)", "$${2}-$${k}")', 'val-key'],
  ['substr("hello world", 1, 4)', 'ello'],
  ['substr("hello", -2, -1)', 'lo'],
  ['substr("e\u0301x", 0, 1)', 'é'],
  ['strlen("👩‍👩‍👧a")', 2],
  ['strrev("abc")', 'cba'],
  ['indent(2, "a\\nb\\nc")', 'a\n  b\n  c'],
  ['chomp("a\\n\\r\\n\\n")', 'a'],
  ['chomp("a\\nb")', 'a\nb'],
  [
    'format("%s is %d, %5.2f|%-4s|%04d|%q|%v|%t|%x|%%", "a", 7, 3.14159, "b", 42, "c\\"", [1], true, 255)',
    'a is 7,  3.14|b   |0042|"c\\""|[1]|true|ff|%',
  ],
  ['format("%[2]s %[1]s", "a", "b")', 'b a'],
  ['format("%v %g %e %+d", 1000000, 0.5, 12345.678, 3)', '1e+06 0.5 1.234568e+04 +3'],
  ['format("%d", 9007199254740993)', '9007199254740993'],
  ['formatlist("%s-%d", ["a", "b"], [1, 2])', ['a-1', 'b-2']],
  ['formatlist("%s.%s", "web", ["x", "y"])', ['web.x', 'web.y']],
  ['concat([1], [], [2, 3])', [1, 2, 3]],
  ['merge({a = 1, b = 2}, null, {b = 3})', { a: 1, b: 3 }],
  ['lookup({a = 1}, "a", 2)', 1],
  ['lookup({a = 1}, "b", 2)', 2],
  ['contains(["a", "b"], "b")', true],
  ['contains([1], "1")', false],
  ['length({a = 1})', 1],
  ['keys({b = 1, a = 2})', ['a', 'b']],
  ['values({b = 1, a = 2})', [2, 1]],
  ['range(3)', [0, 1, 2]],
  ['range(1, 4)', [1, 2, 3]],
  ['range(1, 8, 3)', [1, 4, 7]],
  ['range(4, 1)', [4, 3, 2]],
  ['range(0, 0.3, 0.1)', [0, 0.1, 0.2]],
  ['element(["a", "b"], 5)', 'b'],
  ['coalesce(null, "a", "b")', 'a'],
  ['coalescelist([], ["a"])', ['a']],
  ['compact(["a", "", null, "b"])', ['a', 'b']],
  ['distinct(["b", "a", "b", 1, "1"])', ['b', 'a', 1, '1']],
  ['flatten([1, [2, [3, []]]])', [1, 2, 3]],
  ['index(["a", "b"], "b")', 1],
  ['reverse([1, 2])', [2, 1]],
  ['slice(["a", "b", "c"], 1, 2)', ['b']],
  ['sort(["b", "a", "B"])', ['B', 'a', 'b']],
  ['zipmap(["a", "b"], [1, 2])', { a: 1, b: 2 }],
  ['setunion(["b", "a"], ["c", "a"])', ['a', 'b', 'c']],
  ['setintersection(["b", "a"], ["a", "c"])', ['a']],
  [
    'setproduct(["a", "b"], [1])',
    [
      ['a', 1],
      ['b', 1],
    ],
  ],
  ['chunklist([1, 2, 3], 2)', [[1, 2], [3]]],
  ['min(3, 1, 2)', 1],
  ['max(3, 12345678901234567890, 2)', 12345678901234567890n],
  ['abs(-5)', 5],
  ['ceil(5.1)', 6],
  ['floor(-0.5)', -1],
  ['log(8, 2)', 3],
  ['pow(2, 10)', 1024],
  ['pow(2, 64)', 18446744073709551616n],
  ['pow(-1, 3)', -1],
  ['pow(5, 0)', 1],
  ['signum(-3)', -1],
  ['parseint("ff", 16)', 255],
  ['parseint("-101", 2)', -5],
  ['parseint("FF", 62)', 2583],
  ['tostring(5)', '5'],
  ['tostring(null)', null],
  ['tonumber("500")', 500],
  ['tobool("true")', true],
  ['tolist(toset(["b", "a", "b"]))', ['a', 'b']],
  ['tomap({a = 1})', { a: 1 }],
  ['jsonencode({b = [1, true, null], a = "<x>"})', '{"a":"\\u003cx\\u003e","b":[1,true,null]}'],
  ['jsonencode(12345678901234567890)', '12345678901234567890'],
  [
    'jsondecode("{\\"a\\": [1, -2.5, \\"x\\\\u0041\\", true, null, 12345678901234567890]}")',
    { a: [1, -2.5, 'xA', true, null, 12345678901234567890n] },
  ],
  ['base64encode("héllo")', 'aMOpbGxv'],
  ['base64decode("aMOpbGxv")', 'héllo'],
  ['urlencode("a b&c/é~")', 'a+b%26c%2F%C3%A9~'],
  ['md5("")', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['sha1("")', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  ['sha256("")', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['substr(sha512(""), 0, 16)', 'cf83e1357eefb8bd'],
  ['uuidv5("dns", "www.example.com")', '2ed6657d-e927-568b-95e1-2665a8aea6a2'],
  ['can(var.x)', false],
  ['can(1 + 1)', true],
  ['try(var.x, "fallback")', 'fallback'],
  ['convert(["1"], list(number))', [1]],
]

describe('functions', () => {
  it.each(table)('%s', (text, expected) => {
    const { value, diagnostics } = evaluateText(text, { var: valueOf({}) })
    expect(diagnostics).toEqual([])
    expect(value).toEqual(valueOf(expected))
  })

  it('every function that can be called stands in this table', () => {
    const called = new Set(table.flatMap(([text]) => [...text.matchAll(/([a-z0-9_]+)\(/g)].map(m => m[1])))
    const missing = [...standardFunctions.values()].filter(
      f => f.kind !== 'refused' && f.name !== 'toset' && !called.has(f.name),
    )
    expect(missing.map(f => f.name)).toEqual([])
  })

  it('toset makes a set', () => {
    expect(isSet(evaluateText('toset(["b", "a"])').value)).toBe(true)
  })

  it.each([
    ['format("%d", 1.5)', 'whole number'],
    ['format("%s")', 'no argument'],
    ['format("a", 1)', 'too many arguments'],
    ['format("%y", 1)', 'not a format verb'],
    ['format("%2000d", 1)', 'width'],
    ['lookup({a = 1}, "b")', 'no key "b"'],
    ['element([], 0)', 'empty'],
    ['index(["a"], "b")', 'does not contain'],
    ['slice([1], 0, 2)', 'up to 1'],
    ['zipmap(["a"], [])', '1 keys and 0 values'],
    ['range(0, 5, -1)', 'away from the limit'],
    ['range(0, 5, 0)', 'must not be zero'],
    ['coalesce(null, null)', 'null'],
    ['parseint("9", 8)', 'base 8'],
    ['log(0, 2)', 'no number'],
    ['pow(10, 600)', 'too large'],
    ['tonumber("x")', 'number is required'],
    ['jsondecode("[1,]")', 'character'],
    ['jsondecode("[1] 2")', 'follows'],
    ['base64decode("a")', 'not Base64'],
    ['base64decode("/w==")', 'not UTF-8'],
    ['regex_replace("a", "(", "b")', 'missing closing'],
    ['uuidv5("x", "y")', 'namespace'],
    ['try(var.x, var.y)', 'no expression succeeded'],
    ['convert("x", number)', 'number is required'],
    ['convert("x", nmber)', 'not a type'],
    ['file("x")', 'files are not read when a job is registered'],
    ['uuidv4()', 'same file must always mean the same job'],
  ])('%s fails and says why', (text, reason) => {
    const { diagnostics } = evaluateText(text, { var: valueOf({}) })
    expect(diagnostics).toHaveLength(1)
    expect(diagnostics[0]?.detail).toContain(reason)
  })

  it('blames the argument that is at fault', () => {
    expect(evaluateText('parseint("9", 1)').diagnostics[0]?.range.start.column).toBe(15)
  })
})
