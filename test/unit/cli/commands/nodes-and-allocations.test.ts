import { beforeAll, describe, expect, it } from 'vitest'
import {
  allocation,
  evaluation,
  ids,
  job,
  metrics,
  node,
  nodeUsage,
  pageOf,
  task,
  taskUsage,
  unresolved,
} from '../../../support/cli-answers.ts'
import { type FakeRoot, NOW, runFakeCli } from '../../../support/fake-cli.ts'

beforeAll(() => {
  process.env['TZ'] = 'UTC'
})

const lines = (text: string): readonly string[] => text.trimEnd().split('\n')

describe('node status', () => {
  it('lists nodes', async () => {
    const root = { nodes: () => pageOf([node()]) }
    expect(lines((await runFakeCli(['node', 'status'], { root })).stdout)).toEqual([
      'ID        Node Pool  DC   Name    Class   Drain  Eligibility  Status',
      '2c9f4b7e  default    dc1  node-1  <none>  false  eligible     ready',
    ])
    expect(lines((await runFakeCli(['node', 'status', '-allocs', '-verbose'], { root })).stdout)[1]).toBe(
      `${ids.node}  default    dc1  node-1  <none>  10.0.0.5  0.1.0    false  eligible     ready   2`,
    )
  })

  it('lists operating systems with -os', async () => {
    const attributes = [{ name: 'os.name', value: 'debian' }]
    const root = { nodes: () => pageOf([node({ attributes })]) }
    expect(lines((await runFakeCli(['node', 'status', '-os'], { root })).stdout)).toEqual([
      'ID        Node Pool  DC   Name    Class   OS      Drain  Eligibility  Status',
      '2c9f4b7e  default    dc1  node-1  <none>  debian  false  eligible     ready',
    ])
  })

  it('shows the address of a node where the tutorial looks for it', async () => {
    const { stdout } = await runFakeCli(['node', 'status', '-verbose', '2c9f4b7e'], { root: { node: () => node() } })
    const found = lines(stdout).filter(line => /ip-address/i.test(line))
    expect(found).toEqual(['unique.network.ip-address = 10.0.0.5'])
    expect(found[0]?.split('=')[1]?.trim()).toBe('10.0.0.5')
    expect(stdout).toContain(
      `Status          = ready
CSI Controllers = <none>
CSI Drivers     = <none>

Drivers
Driver    Detected  Healthy  Message  Time
docker    true      true     Healthy  2026-03-01T09:50:00Z
raw_exec  false     false    is off   2026-03-01T09:55:00Z

Node Events
Time                  Subsystem         Message          Details
2026-03-01T09:55:00Z  Driver: raw_exec  is off           driver: raw_exec
2026-03-01T09:50:00Z  Cluster           Node registered  <none>

Allocated Resources
`,
    )
  })

  it('shows one node', async () => {
    const { stdout } = await runFakeCli(['node', 'status', '2c9'], { root: { node: () => node() } })
    expect(stdout).toBe(`ID              = ${ids.node}
Name            = node-1
Node Pool       = default
Class           = <none>
DC              = dc1
Drain           = false
Eligibility     = eligible
Status          = ready
CSI Controllers = <none>
CSI Drivers     = <none>
Host Volumes    = <none>
Host Networks   = <none>
CSI Volumes     = <none>
Driver Status   = docker

Node Events
Time                  Subsystem         Message
2026-03-01T09:55:00Z  Driver: raw_exec  is off
2026-03-01T09:50:00Z  Cluster           Node registered

Allocated Resources
CPU           Memory          Disk
200/8000 MHz  600 MiB/15 GiB  600 MiB/80 GiB

Resource utilization is not known: the node is away

Allocations
ID        Node ID   Task Group  Version  Desired  Status   Created  Modified
be0bda79  2c9f4b7e  ptc-redis   0        run      running  2m ago   1m50s ago
`)
  })

  it('shows the first block and the allocations with -short, asking the node for nothing', async () => {
    const away = node({
      status: 'down',
      statusDescription: 'nothing was heard for 10s',
      foreignPorts: [22, 80],
      usage: () => {
        throw new Error('asked')
      },
    })
    const { stdout } = await runFakeCli(['node', 'status', '-short', '2c9'], { root: { node: () => away } })
    expect(stdout).toBe(`ID                 = ${ids.node}
Name               = node-1
Node Pool          = default
Class              = <none>
DC                 = dc1
Drain              = false
Eligibility        = eligible
Status             = down
Status Description = nothing was heard for 10s
CSI Controllers    = <none>
CSI Drivers        = <none>
Host Volumes       = <none>
Host Networks      = <none>
CSI Volumes        = <none>
Drivers            = docker
Foreign Ports      = 22,80

Allocations
ID        Node ID   Task Group  Version  Desired  Status   Created  Modified
be0bda79  2c9f4b7e  ptc-redis   0        run      running  2m ago   1m50s ago
`)
  })

  it('shows what allocations and the machine use, with -stats in full', async () => {
    const root = { node: () => node({ usage: nodeUsage }) }
    const { stdout } = await runFakeCli(['node', 'status', '2c9'], { root })
    expect(stdout).toContain('\nUptime          = 1h2m3s\n')
    expect(stdout).toContain(`
Allocation Resource Utilization
CPU         Memory
7/8000 MHz  24 MiB/15 GiB

Host Resource Utilization
CPU            Memory        Disk
1234/8000 MHz  4 GiB/15 GiB  20 GiB/100 GiB

Allocations
`)
    const full = (await runFakeCli(['node', 'status', '-stats', '2c9'], { root })).stdout
    expect(full).toContain(`
CPU Stats
CPU    = cpu0
User   = 10%
System = 2.35%
Idle   = 87.66%

CPU    = cpu1
User   = 0%
System = 0%
Idle   = 100%

Memory Stats
Total     = 15 GiB
Available = 7.5 GiB
Used      = 4 GiB
Free      = 1 MiB

Disk Stats
Device         = /dev/vda
MountPoint     = /data
Size           = 100 GiB
Used           = 20 GiB
Available      = 80 GiB
Used Percent   = 20%
Inodes Percent = 1.5%

Allocations
`)
  })

  it('finds the own node, or says that there is none', async () => {
    const agent = (nodeId: string | null) => ({ json: () => ({ nodeId }), node: () => node() })
    expect((await runFakeCli(['node', 'status', '-self', '-short'], { root: agent(ids.node) })).stdout).toContain(
      'node-1',
    )
    expect((await runFakeCli(['node', 'status', '-self'], { root: agent(null) })).stderr).toContain('runs no client')
  })

  it('sets the eligibility of a node', async () => {
    const inputs: unknown[] = []
    const setNodeEligibility = ({ input }: { readonly input: object }) => {
      inputs.push({ ...input })
      return { __typename: 'NodeEligibility', position: 3 }
    }
    const root = { node: () => node(), setNodeEligibility }
    expect((await runFakeCli(['node', 'eligibility', '-disable', '2c9'], { root })).stdout).toBe(
      `Node "${ids.node}" scheduling eligibility set: ineligible for scheduling\n`,
    )
    expect(inputs).toEqual([{ nodeId: ids.node, isEligible: false }])
    expect((await runFakeCli(['node', 'eligibility', '2c9'], { root })).stderr).toContain('one of -enable and -disable')
  })
})

describe('alloc status', () => {
  it('shows an allocation with its addresses, checks, tasks and events', async () => {
    const shown = allocation({
      clientStatus: 'running',
      clientDescription: 'Tasks are running',
      isHealthy: true,
      ports: [{ label: 'http', address: '10.0.0.5', port: 23_514, to: 8_080, isDynamic: true }],
      checks: [
        {
          id: 'c',
          service: 'web',
          task: '',
          name: 'alive',
          mode: 'healthiness',
          status: 'success',
          output: '',
          at: NOW,
        },
      ],
      usage: { unknownBecause: null, tasks: [taskUsage()] },
    })
    const { stdout } = await runFakeCli(['alloc', 'status', 'be0'], { root: { allocation: () => shown } })
    expect(stdout).toBe(`ID                  = ${ids.allocation}
Eval ID             = d44af37b
Name                = pytechco-redis.ptc-redis[0]
Node ID             = 2c9f4b7e
Node Name           = node-1
Job ID              = pytechco-redis
Job Version         = 0
Client Status       = running
Client Description  = Tasks are running
Desired Status      = run
Desired Description = <none>
Created             = 2m ago
Modified            = 1m50s ago
Deployment ID       = 0ea05651
Deployment Health   = healthy

Allocation Addresses:
Label  Dynamic  Address
*http  yes      10.0.0.5:23514 -> 8080

Nomad Service Checks:
Service  Task     Name   Mode         Status
web      (group)  alive  healthiness  success

Task "redis-task" is "running"
Task Resources:
CPU        Memory          Disk     Addresses
3/100 MHz  12 MiB/300 MiB  300 MiB

Task Events:
Started At     = 2026-03-01T09:58:10Z
Finished At    = N/A
Total Restarts = 0
Last Restart   = N/A

Recent Events:
Time                  Type        Description
2026-03-01T09:58:10Z  Started     Task started by client
2026-03-01T09:58:09Z  Task Setup  Building Task Directory
2026-03-01T09:58:08Z  Received    Task received by client
`)
  })

  it('shows in full what its tasks use with -stats, or why that is not known', async () => {
    const stats = async (usage: object): Promise<string> => {
      const root = { allocation: () => allocation({ clientStatus: 'running', usage }) }
      return (await runFakeCli(['alloc', 'status', '-stats', 'be0'], { root })).stdout
    }
    expect(await stats({ unknownBecause: null, tasks: [taskUsage()] })).toContain(`
3/100 MHz  12 MiB/300 MiB  300 MiB

Memory Stats
Cache  Max Usage  RSS     Usage
0 B    2.5 GiB    12 MiB  13 MiB

CPU Stats
Percent  Throttled Periods  Throttled Time  User Mode
0.16%    2                  1500000         0.1%

Task Events:
`)
    expect(await stats({ unknownBecause: 'the node is away', tasks: [] })).toContain(`
100 MHz  300 MiB  300 MiB

What it uses is not known: the node is away

Task Events:
`)
  })

  it('shows a line for each task with -short, and the placement with -verbose', async () => {
    const scores = [
      {
        nodeId: ids.node,
        final: 333_333,
        scores: [
          { name: 'binpack', count: 666_666 },
          { name: 'job-anti-affinity', count: 0 },
        ],
      },
    ]
    const sidecar = task({ name: 'proxy', lifecycle: { hook: 'prestart', isSidecar: true } })
    const shown = allocation({
      tasks: [task(), sidecar],
      metrics: metrics({ scores }),
      nextAllocationId: ids.node,
      rescheduleAttempts: { attempted: 1, allowed: 2, isUnlimited: false },
    })
    const root = { allocation: () => shown }
    expect(lines((await runFakeCli(['alloc', 'status', '-short', 'x'], { root })).stdout)).toEqual([
      `ID       = ${ids.allocation}`,
      'Name     = pytechco-redis.ptc-redis[0]',
      'Created  = 2m ago',
      'Modified = 1m50s ago',
      '',
      'Tasks',
      'Name        State    Last Event  Time                  Lifecycle',
      'redis-task  running  Started     2026-03-01T09:58:10Z  main',
      'proxy       running  Started     2026-03-01T09:58:10Z  prestart sidecar',
    ])
    const { stdout } = await runFakeCli(['alloc', 'status', '-verbose', 'x'], { root })
    expect(stdout).toContain('Task "proxy" (prestart sidecar) is "running"')
    expect(stdout).toContain('\nReschedule Attempts  = 1/2\nReplacement Alloc ID = ')
    expect(lines(stdout).slice(-2)).toEqual([
      'Node                                  binpack  job-anti-affinity  final score',
      `${ids.node}  0.667    0                  0.333`,
    ])
  })
})

describe('alloc logs', () => {
  /** Streams by type; remembers the paths that were asked for. */
  const streaming = (texts: Readonly<Record<string, readonly string[]>>, tasks: readonly object[] = [task()]) => {
    const paths: URL[] = []
    const root: FakeRoot = {
      allocation: () => allocation({ tasks }),
      job: () =>
        job({
          allocations: pageOf([
            allocation({ clientStatus: 'failed', id: ids.node }),
            allocation({ clientStatus: 'running', tasks }),
          ]),
        }),
      stream: async function* (path: string) {
        const url = new URL(path, 'http://x')
        paths.push(url)
        yield* texts[url.searchParams.get('type') ?? ''] ?? []
      },
    }
    return { root, paths }
  }

  it('prints what a task wrote to standard output', async () => {
    const { root, paths } = streaming({ stdout: ['a\n', 'b'], stderr: ['no'] })
    expect(await runFakeCli(['alloc', 'logs', 'be0'], { root })).toEqual({ code: 0, stdout: 'a\nb', stderr: '' })
    expect(`${paths[0]?.pathname}?${paths[0]?.searchParams.toString()}`).toBe(
      `/v1/allocation/${ids.allocation}/logs?follow=false&origin=start&offset=0&task=redis-task&type=stdout`,
    )
  })

  it('prints standard error, or both streams when following', async () => {
    const texts = { stdout: ['out\n'], stderr: ['err\n'] }
    expect((await runFakeCli(['logs', '-stderr', 'be0'], { root: streaming(texts).root })).stdout).toBe('err\n')
    const following = streaming(texts)
    const { stdout } = await runFakeCli(['logs', '-f', 'be0'], { root: following.root })
    expect(stdout.split('\n').toSorted()).toEqual(['', 'err', 'out'])
    expect(following.paths.map(url => url.searchParams.get('follow'))).toEqual(['true', 'true'])
  })

  it('prints the last lines or bytes', async () => {
    const { root, paths } = streaming({ stdout: ['1\n2\n', '3\n4\n'] })
    expect((await runFakeCli(['logs', '-tail', '-n', '2', 'be0'], { root })).stdout).toBe('3\n4\n')
    await runFakeCli(['logs', '-tail', '-c', '7', 'be0'], { root })
    expect(paths.map(url => [url.searchParams.get('origin'), url.searchParams.get('offset')])).toEqual([
      ['end', '2048'],
      ['end', '7'],
    ])
    expect((await runFakeCli(['logs', '-n', '2', 'be0'], { root })).stderr).toContain('add -tail')
  })

  it('wants to know which of several tasks is meant', async () => {
    const { root } = streaming({ stdout: ['x'] }, [task({ name: 'a' }), task({ name: 'b' })])
    const { code, stderr } = await runFakeCli(['logs', 'be0'], { root })
    expect(code).toBe(1)
    expect(stderr).toContain('Allocation "be0bda79" is running the following tasks:\n  * a\n  * b\n')
    expect((await runFakeCli(['logs', 'be0', 'b'], { root })).stdout).toBe('x')
    expect((await runFakeCli(['logs', '-task', 'c', 'be0'], { root })).stderr).toContain('its tasks are: a, b')
  })

  it('takes the allocation of a job that runs', async () => {
    const { root, paths } = streaming({ stdout: ['x'] })
    await runFakeCli(['logs', '-job', 'pytechco-redis'], { root })
    expect(paths[0]?.pathname).toContain(ids.allocation)
    expect((await runFakeCli(['logs', '-job', 'x', '-group', 'other'], { root })).stderr).toContain(
      'No allocations of group "other" of job "x" found',
    )
  })
})

describe('alloc fs', () => {
  const entry = (name: string, isDirectory: boolean) => ({
    name,
    isDirectory,
    sizeBytes: 1_536,
    mode: isDirectory ? 'drwxr-xr-x' : '-rw-r--r--',
    modifiedAt: NOW,
  })
  const root: FakeRoot = {
    allocation: () => allocation(),
    json: (path: string) =>
      path.includes('/fs/ls?') ? [entry('b.txt', false), entry('a', true)] : entry('x', !path.includes('b.txt')),
    stream: async function* () {
      yield 'content\n'
    },
  }

  it('lists directories, prints files, and describes both', async () => {
    expect(lines((await runFakeCli(['fs', 'be0'], { root })).stdout)).toEqual([
      'Mode        Size     Modified Time         Name',
      'drwxr-xr-x  1.5 KiB  2026-03-01T10:00:00Z  a/',
      '-rw-r--r--  1.5 KiB  2026-03-01T10:00:00Z  b.txt',
    ])
    expect((await runFakeCli(['fs', 'be0', 'b.txt'], { root })).stdout).toBe('content\n')
    expect((await runFakeCli(['fs', '-stat', '-H', 'be0', 'b.txt'], { root })).stdout).toContain('-rw-r--r--  1536  ')
  })
})

describe('requests to allocations', () => {
  it('name the allocation, the task and the signal', async () => {
    const inputs: unknown[] = []
    const take = ({ input }: { readonly input: object }) => {
      inputs.push({ ...input })
      return { __typename: 'TaskRequested', position: 3, requestId: 'r' }
    }
    const root = { allocation: () => allocation(), restartAllocation: take, signalAllocation: take }
    expect(await runFakeCli(['alloc', 'restart', 'be0'], { root })).toEqual({ code: 0, stdout: '', stderr: '' })
    await runFakeCli(['alloc', 'signal', '-s', 'SIGHUP', 'be0', 'redis-task'], { root })
    expect(inputs).toEqual([
      { allocationId: ids.allocation, task: null },
      { allocationId: ids.allocation, task: 'redis-task', signal: 'SIGHUP' },
    ])
  })

  it('follow how a stopped allocation is replaced', async () => {
    const stopAllocation = () => ({ __typename: 'AllocationStop', position: 3, evaluationId: ids.evaluation })
    const replacement = allocation({ id: ids.node })
    const root = {
      allocation: () => allocation(),
      stopAllocation,
      evaluation: () => evaluation({ deploymentId: null, allocations: pageOf([replacement]) }),
    }
    const { code, stdout } = await runFakeCli(['alloc', 'stop', 'be0'], { root })
    expect(code).toBe(0)
    expect(stdout).toContain('Allocation "2c9f4b7e" created: node "2c9f4b7e", group "ptc-redis"')
  })
})

describe('other lists', () => {
  it('show evaluations', async () => {
    const root = { evaluations: () => pageOf([evaluation(), evaluation({ status: 'blocked' })]) }
    expect(lines((await runFakeCli(['eval', 'list', '-status', 'complete'], { root })).stdout)).toEqual([
      'ID        Priority  Triggered By  Job ID          Namespace  Node ID  Status    Placement Failures',
      'd44af37b  50        job-register  pytechco-redis  default    <none>   complete  false',
      'd44af37b  50        job-register  pytechco-redis  default    <none>   blocked   N/A - In Progress',
    ])
    expect((await runFakeCli(['eval', 'list', '-status', 'odd'], { root })).stderr).toContain(
      'there is no status "odd"',
    )
  })

  it('show an evaluation with what its plan did', async () => {
    const planChanges = [{ group: 'g', ignore: 1, place: 2, stop: 0, inPlace: 0, destructive: 0 }]
    const root = { evaluation: () => evaluation({ planChanges }) }
    const { stdout } = await runFakeCli(['eval', 'status', 'd44'], { root })
    expect(stdout).toContain('Placement Failures = false\n')
    expect(stdout).toContain('Plan Annotations\nTask Group  Ignore  Place  Stop  InPlace  Destructive\ng           1 ')
    expect(stdout).toContain('Placed Allocations\nID        Node ID ')
  })

  it('show services and who offers them', async () => {
    const service = {
      namespace: 'default',
      name: 'redis-svc',
      tags: ['db'],
      instances: [
        {
          id: 'i',
          jobId: 'j',
          allocationId: ids.allocation,
          nodeId: ids.node,
          datacenter: 'dc1',
          address: '10.0.0.5',
          port: 21_000,
          tags: ['db'],
        },
      ],
    }
    const root = { services: () => pageOf([service]), service: () => service }
    expect((await runFakeCli(['service', 'list'], { root })).stdout).toBe('Service Name  Tags\nredis-svc     [db]\n')
    expect(lines((await runFakeCli(['service', 'info', 'redis-svc'], { root })).stdout)).toEqual([
      'Job ID  Address         Tags  Node ID   Alloc ID',
      'j       10.0.0.5:21000  [db]  2c9f4b7e  be0bda79',
    ])
    expect((await runFakeCli(['service', 'info', '-verbose', 'redis-svc'], { root })).stdout).toBe(`ID           = i
Service Name = redis-svc
Namespace    = default
Job ID       = j
Alloc ID     = ${ids.allocation}
Node ID      = ${ids.node}
Datacenter   = dc1
Address      = 10.0.0.5:21000
Tags         = [db]
`)
    const names = async (name: string): Promise<string> =>
      (await runFakeCli(['service', 'list', '-name', name], { root })).stdout
    expect(await names('redis-svc')).toContain('redis-svc')
    expect(await names('redis')).toBe('No service registrations found\n')
    const none = { service: () => ({ ...service, instances: [] }) }
    expect((await runFakeCli(['service', 'info', 'x'], { root: none })).code).toBe(1)
  })

  it('show the servers, with nothing where Nomad tells of Raft and gossip', async () => {
    const member = {
      name: 'vm.global',
      address: '127.0.0.1',
      port: 4_646,
      status: 'alive',
      isLeader: true,
      version: '0.1.0',
      datacenter: 'dc1',
      region: 'global',
    }
    const root = { serverMembers: () => [member] }
    expect(lines((await runFakeCli(['server', 'members'], { root })).stdout)).toEqual([
      'Name       Address    Port  Status  Leader  Raft Version  Build  Datacenter  Region',
      'vm.global  127.0.0.1  4646  alive   true    <none>        0.1.0  dc1         global',
    ])
    for (const flag of ['-verbose', '-detailed'])
      expect(lines((await runFakeCli(['server', 'members', flag], { root })).stdout)).toEqual([
        'Name       Address    Port  Status  Leader  Protocol  Raft Version  Build  Datacenter  Region  Tags',
        'vm.global  127.0.0.1  4646  alive   true    <none>    <none>        0.1.0  dc1         global  build=0.1.0,dc=dc1,port=4646,region=global,role=muster',
      ])
    expect(JSON.parse((await runFakeCli(['server', 'members', '-json'], { root })).stdout)).toEqual([member])
  })

  it('collect garbage without a word', async () => {
    const collectGarbage = () => ({ __typename: 'GarbageCollection', position: 3 })
    expect(await runFakeCli(['system', 'gc'], { root: { collectGarbage } })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
  })
})

describe('status', () => {
  const candidate = (kind: string, id: string) => ({ kind, id, namespace: 'default', name: id })

  it('shows whatever an id stands for', async () => {
    const root = { search: () => [candidate('NODE', ids.node)], node: () => node() }
    expect((await runFakeCli(['status', '2c9'], { root })).stdout).toContain('Name            = node-1')
  })

  it('prefers a whole id, lists several matches, and says when there is none', async () => {
    const both = { search: () => [candidate('JOB', 'web'), candidate('JOB', 'web-2')], job: () => job({ id: 'web' }) }
    expect((await runFakeCli(['status', 'web'], { root: both })).stdout).toContain('ID            = web\n')
    const { code, stderr } = await runFakeCli(['status', 'we'], { root: both })
    expect(code).toBe(1)
    expect(stderr).toContain('Multiple matches found for id "we"\n\nJobs\n  web\n  web-2\n')
    const nothing = { search: () => [], allocation: () => unresolved() }
    expect((await runFakeCli(['status', 'zz'], { root: nothing })).stderr).toContain('Unable to resolve ID: zz')
  })
})
