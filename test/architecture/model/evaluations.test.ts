import { describe, expect, it } from 'vitest'
import type { ClusterState, EvaluationState } from '../../../src/domain/cluster/index.ts'
import type { ControlEvent } from '../../../src/domain/control/events.ts'
import { type DomainEvent, type DomainEventType, schemaOf } from '../../../src/domain/events.ts'
import { CONTROL_STREAM, jobStream } from '../../../src/domain/streams.ts'
import { buildDeployment, buildEvaluation, buildJobState, buildNode, buildState, T0 } from '../../support/builders.ts'
import { eventsIn, fold, model, names, sorted, spec, statusesIn, step, stepsOf } from '../../support/diagrams.ts'
import { sectionOf } from '../../support/documents.ts'
import { jobRegistered, newEvaluation, planCommitted } from '../../support/history.ts'

describe('the diagram of an evaluation', () => {
  const statuses = {
    pending: true,
    blocked: true,
    complete: true,
    failed: true,
    cancelled: true,
  } as const satisfies Record<EvaluationState['status'], true>
  const all = Object.keys(statuses) as readonly EvaluationState['status'][]

  const stateWith = (status: EvaluationState['status']): ClusterState => {
    const job = buildJobState(spec, {}, [spec])
    const evaluation = buildEvaluation(job, { id: 'e', status })
    const deployments = [buildDeployment(job, { id: 'd' })]
    return buildState({ jobs: [job], nodes: [buildNode()], evaluations: [evaluation], deployments })
  }

  const opened = newEvaluation('new')
  const plan = { evaluationId: 'e' } as const
  const jobEvents: readonly DomainEvent[] = [
    jobRegistered({ spec, version: 2, evaluationId: 'new' }),
    { type: 'JobStopped', data: { incarnation: 0, evaluationId: 'new' } },
    { type: 'JobPurged', data: { incarnation: 0, evaluationId: 'new' } },
    { type: 'JobReverted', data: { incarnation: 0, version: 2, toVersion: 0, deploymentId: 'd', evaluationId: 'new' } },
    { type: 'EvaluationForced', data: { evaluationId: 'new', trigger: 'job-eval', forcesReschedule: false } },
    { type: 'AllocationStopRequested', data: { allocationId: 'a', evaluationId: 'new' } },
    { type: 'DeploymentActionRequested', data: { deploymentId: 'd', action: 'fail' } },
    { type: 'PeriodicRunForced', data: { instant: T0, evaluationId: 'new' } },
  ]
  const advance = { deploymentId: 'd', status: 'running', description: '', groups: [], revertTo: null } as const
  const controlEvents: readonly ControlEvent[] = [
    { type: 'LeadershipTaken', data: { epoch: 2, address: '' } },
    planCommitted(plan),
    planCommitted({ ...plan, outcome: 'partial' }),
    planCommitted({ ...plan, outcome: 'failed' }),
    planCommitted({ ...plan, blockedEvaluationId: 'e' }),
    planCommitted({ ...plan, blockedEvaluationId: 'new' }),
    planCommitted({ ...plan, followUps: [{ evaluation: opened, allocationIds: [] }] }),
    planCommitted({ evaluationId: 'another' }),
    { type: 'EvaluationsCreated', data: { evaluations: [opened] } },
    { type: 'EvaluationsUnblocked', data: { evaluationIds: ['e'], cause: '' } },
    { type: 'EvaluationsCancelled', data: { evaluationIds: ['e'], reason: '' } },
    { type: 'EvaluationsFailed', data: { failures: [{ evaluationId: 'e', reason: '', followUp: opened }] } },
    { type: 'NodesJudged', data: { nodes: [], evaluations: [opened] } },
    { type: 'DeploymentsAdvanced', data: { deployments: [{ ...advance, evaluation: opened }] } },
    { type: 'PeriodicRunsDecided', data: { runs: [] } },
    { type: 'ReactorStalled', data: { reactor: '', key: '', attempts: 1, reason: '' } },
    { type: 'Collected', data: { items: [] } },
  ]

  const folded = (from: EvaluationState['status'], stream: string, event: DomainEvent): readonly string[] => {
    const state = stateWith(from)
    const before = state.evaluations.get('e')?.modifiedPosition
    fold(state, stream, event)
    const after = state.evaluations.get('e')
    const created = state.evaluations.get('new')
    return [
      ...(created === undefined ? [] : [step('[*]', event.type, created.status)]),
      ...(after === undefined || after.modifiedPosition === before ? [] : [step(from, event.type, after.status)]),
    ]
  }

  const steps = new Set(
    all.flatMap(from => [
      ...jobEvents.flatMap(event => folded(from, jobStream('default', 'web'), event)),
      ...controlEvents.flatMap(event => folded(from, CONTROL_STREAM, event)),
    ]),
  )

  const openers = /Opened by ([\s\S]+?)\n\n/.exec(sectionOf(model, '## Evaluation'))?.[1] ?? ''
  const drawn = new Set([...stepsOf('## Evaluation'), ...eventsIn(openers).map(event => step('[*]', event, 'pending'))])

  it('has every status and no other', () => {
    expect(statusesIn('## Evaluation')).toEqual(names(statuses))
  })

  it('was tried with every event of a job and of the leader', () => {
    const tried = new Set([...jobEvents, ...controlEvents].map(event => event.type))
    const launches = ['JobDispatched']
    const others = ['NodeRegistered', 'NodeFingerprinted', 'NodeEligibilitySet', 'TaskRestartRequested']
    const rest = [...launches, ...others, 'TaskSignalRequested', 'AllocationsReported', 'CollectionRequested']
    expect(
      Object.keys(schemaOf)
        .filter(type => !tried.has(type as DomainEventType))
        .toSorted(),
    ).toEqual(rest.toSorted())
  })

  it('has only steps that the fold makes', () => {
    expect(drawn.size).toBeGreaterThan(15)
    expect(Array.from(drawn).filter(each => !steps.has(each))).toEqual([])
  })

  it('has each event with each status that it leads to', () => {
    const withoutFrom = (each: string): string => each.replace(/^\S+/, each.startsWith('[*]') ? '[*]' : 'any')
    expect(sorted(Array.from(drawn, withoutFrom))).toEqual(sorted(Array.from(steps, withoutFrom)))
  })
})
