import { describe, expect, it } from 'vitest'
import { MAX_DYNAMIC_BLOCKS } from '../../../src/jobspec/expand-dynamic.ts'
import { badJobFile, goodJobFile, jobFile } from '../../support/job-files.ts'

const namesOf = (items: readonly { readonly name: string }[] | undefined): readonly string[] =>
  (items ?? []).map(({ name }) => name)

describe('a dynamic block', () => {
  it.each<[string, string, readonly string[]]>([
    ['a list, with its indexes', 'for_each = ["a", "b"]', ['0-a', '1-b']],
    ['a set, with its members', 'for_each = toset(["b", "a", "b"])', ['a-a', 'b-b']],
    ['an object, by its sorted keys', 'for_each = { y = "2", x = "1" }', ['x-1', 'y-2']],
    ['nothing', 'for_each = []', []],
    ['a computed list', 'for_each = [for word in split(",", "a,b") : upper(word)]', ['0-A', '1-B']],
  ])('goes over %s', async (_, forEach, names) => {
    const group = `dynamic "service" {
      ${forEach}
      content {
        provider = "nomad"
        name = "\${service.key}-\${service.value}"
      }
    }`
    const source = jobFile({ group })
    expect(namesOf((await goodJobFile(source)).job.groups[0]?.services)).toEqual(names)
  })

  it('makes groups, with labels and an iterator of its own name', async () => {
    const source = `variable "zones" {
  default = { eu = 2, us = 3 }
}
job "web" {
  dynamic "group" {
    for_each = var.zones
    iterator = zone
    labels   = ["app-\${zone.key}"]
    content {
      count = zone.value
      task "server" {
        driver = "mock"
        env {
          ZONE = zone.key
        }
      }
    }
  }
}
`
    const { job } = await goodJobFile(source)
    expect(job.groups.map(({ name, count, tasks }) => [name, count, tasks[0]?.env])).toEqual([
      ['app-eu', 2, { ZONE: 'eu' }],
      ['app-us', 3, { ZONE: 'us' }],
    ])
  })

  it('stands inside another, and sees the iterators of both', async () => {
    const group = `dynamic "service" {
      for_each = ["a", "b"]
      iterator = outer
      content {
        provider = "nomad"
        name = outer.value
        dynamic "check" {
          for_each = range(outer.key + 1)
          content {
            name = "\${outer.value}\${check.value}"
            type = "tcp"
            port = 80
            interval = "1s"
            timeout = "1s"
          }
        }
      }
    }`
    const { job } = await goodJobFile(jobFile({ group }))
    expect(job.groups[0]?.services.map(({ checks }) => namesOf(checks))).toEqual([['a0'], ['b0', 'b1']])
  })

  it('stands in the configuration of a driver', async () => {
    const task = `config {
      dynamic "mount" {
        for_each = ["/a", "/b"]
        content {
          target = mount.value
        }
      }
    }`
    const { job } = await goodJobFile(jobFile({ task }))
    expect(job.groups[0]?.tasks[0]?.config).toEqual({ mount: [{ target: '/a' }, { target: '/b' }] })
  })

  it('hides a name of the node by its iterator', async () => {
    const task = `dynamic "env" {
      for_each = ["x"]
      iterator = node
      content {
        A = "\${node.value}"
      }
    }`
    const { job } = await goodJobFile(jobFile({ task }))
    expect(job.groups[0]?.tasks[0]?.env).toEqual({ A: 'x' })
  })

  it.each<[string, string, RegExp]>([
    ['no for_each', 'dynamic "service" {\n content {\n }\n }', /needs for_each/],
    ['no content', 'dynamic "service" {\n for_each = []\n }', /one content block/],
    ['two contents', 'dynamic "service" {\n for_each = []\n content {\n }\n content {\n }\n }', /one content block/],
    ['another block', 'dynamic "service" {\n for_each = []\n content {\n }\n service {\n }\n }', /one content block/],
    ['no label', 'dynamic {\n for_each = []\n content {\n }\n }', /takes one label/],
    ['a number to go over', 'dynamic "service" {\n for_each = 3\n content {\n }\n }', /this is a number/],
    ['null to go over', 'dynamic "service" {\n for_each = null\n content {\n }\n }', /this is null/],
    ['an iterator in quotes', 'dynamic "service" {\n for_each = []\n iterator = "x"\n content {\n }\n }', /bare name/],
    [
      'labels that are no list',
      'dynamic "task" {\n for_each = [1]\n labels = "x"\n content {\n }\n }',
      /list of strings/,
    ],
    ['another argument', 'dynamic "service" {\n for_each = []\n foreach = 1\n content {\n }\n }', /no "foreach"/],
    ['a block that cannot be', 'dynamic "sevrice" {\n for_each = [1]\n content {\n }\n }', /"sevrice" is not expected/],
    ['a value that is not there', 'dynamic "service" {\n for_each = var.x\n content {\n }\n }', /"x"/],
  ])('with %s is refused', async (_, group, detail) => {
    const found = await badJobFile(jobFile({ group }))
    expect(found.map(finding => finding.detail).join('\n')).toMatch(detail)
  })

  it('points at the content where a fault is in it', async () => {
    const group = 'dynamic "service" {\n for_each = [1, 2]\n content {\n provider = "consul"\n }\n }'
    const found = await badJobFile(jobFile({ group }))
    const line = jobFile({ group })
      .split('\n')
      .findIndex(text => text.includes('"consul"'))
    expect(
      found.filter(({ summary }) => summary === 'Unsupported service provider').map(finding => finding.line),
    ).toEqual([line + 1])
  })

  const many = (count: number): string =>
    jobFile({
      job: `dynamic "affinity" {\n for_each = flatten([for i in range(${count / 100}) : range(100)])\n content {\n }\n }`,
    })

  it(`becomes ${MAX_DYNAMIC_BLOCKS} blocks at the most`, async () => {
    expect((await goodJobFile(many(MAX_DYNAMIC_BLOCKS))).warnings.length).toBe(1)
    const found = await badJobFile(many(MAX_DYNAMIC_BLOCKS + 100))
    expect(found.filter(({ severity }) => severity === 'error').map(({ detail }) => detail)).toEqual([
      `The dynamic blocks of a file may become ${MAX_DYNAMIC_BLOCKS} blocks; these become more.`,
    ])
  })
})
