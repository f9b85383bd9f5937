import { demandOf } from '../../cluster/index.ts'
import type { Constraint, Job, Task, TaskGroup } from '../../jobspec/schema.ts'
import { prepareConstraint } from './constraint.ts'
import { driverRefusal } from './driver.ts'
import { networkRefusals } from './network.ts'
import type { DistinctProperty, PlacementRequest } from './request.ts'
import { resourceRefusals } from './resources.ts'
import { parseTarget } from './target.ts'

const isDistinct = ({ operator }: Constraint): boolean =>
  operator === 'distinct_hosts' || operator === 'distinct_property'

const wantsDistinctHosts = (constraints: readonly Constraint[]): boolean =>
  constraints.some(({ operator, value }) => operator === 'distinct_hosts' && value !== 'false')

const distinctPropertiesOf = (
  constraints: readonly Constraint[],
  scope: DistinctProperty['scope'],
): readonly DistinctProperty[] =>
  constraints
    .filter(({ operator }) => operator === 'distinct_property')
    .map(({ attribute, value }) => {
      const limit = Number.parseInt(value, 10)
      return { scope, text: attribute, target: parseTarget(attribute), limit: limit > 0 ? limit : 1 }
    })

const distinctHostsOf = (job: Job, group: TaskGroup): PlacementRequest['distinctHosts'] => {
  if (wantsDistinctHosts(job.constraints)) return 'job'
  return wantsDistinctHosts(group.constraints) ? 'group' : 'none'
}

const signalsOf = (task: Task): readonly string[] => [
  ...(task.killSignal === '' ? [] : [task.killSignal]),
  ...task.templates.filter(({ changeMode }) => changeMode === 'signal').map(({ changeSignal }) => changeSignal),
]

/** What a group needs of a node without saying so: a signal that the node does not have could never be sent. */
const impliedConstraints = (group: TaskGroup): readonly Constraint[] => {
  const signals = new Set(group.tasks.flatMap(signalsOf))
  return signals.size === 0
    ? []
    : [{ attribute: '${attr.os.signals}', operator: 'set_contains', value: [...signals].join(',') }]
}

export const prepareRequest = (job: Job, group: TaskGroup): PlacementRequest => {
  const all = [
    ...job.constraints,
    ...group.constraints,
    ...group.tasks.flatMap(task => task.constraints),
    ...impliedConstraints(group),
  ]
  const constraints = all.filter(constraint => !isDistinct(constraint)).map(prepareConstraint)
  const ports = group.network?.ports ?? []
  const demand = demandOf(group)
  return {
    job,
    group,
    demand,
    resourceRefusals: resourceRefusals(demand),
    drivers: [...new Set(group.tasks.map(task => task.driver))].map(name => ({ name, refusal: driverRefusal(name) })),
    classConstraints: constraints.filter(({ isUnique }) => !isUnique),
    uniqueConstraints: constraints.filter(({ isUnique }) => isUnique),
    distinctHosts: distinctHostsOf(job, group),
    distinctProperties: [
      ...distinctPropertiesOf(job.constraints, 'job'),
      ...distinctPropertiesOf(group.constraints, 'group'),
    ],
    ports,
    staticPorts: ports.filter(port => port.static > 0),
    networkRefusals: networkRefusals(ports),
    portRefusals: new Map(),
    propertyRefusals: new Map(),
  }
}
