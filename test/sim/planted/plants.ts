/**
 * Bugs to be planted, one at a time, in a copy of the source: each is one replacement of a text that stands exactly once
 * in its file. The simulation has to notice them; `npm run sim:planted` says which it does.
 */
export type Plant = {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const plants: readonly Plant[] = [
  {
    name: 'plans of one batch do not count what those before them took',
    file: 'src/agents/server/evaluation-broker.ts',
    find: 'reserve(reservations, result.reservations)',
    replace: 'reserve(noReservations(), result.reservations)',
  },
  {
    name: 'the scheduler looks at the nodes as they were when it began to lead',
    file: 'src/agents/server/evaluation-broker.ts',
    find: "snapshot === null || changed === 'all' ? takeSnapshot(state) : refreshSnapshot(snapshot, state, changed.nodes)",
    replace:
      "snapshot === null || changed === 'all' ? takeSnapshot(state) : refreshSnapshot(snapshot, state, new Set())",
  },
  {
    name: 'of the evaluations that wait behind one, the newest is cancelled too',
    file: 'src/agents/server/evaluation-broker.ts',
    find: '.slice(0, -1)',
    replace: '.slice(0)',
  },
  {
    name: 'delayed evaluations are answered at once',
    file: 'src/agents/server/evaluation-broker.ts',
    find: 'if (evaluation === undefined || evaluation.waitUntil > now) continue',
    replace: 'if (evaluation === undefined) continue',
  },
  {
    name: 'a leader appends wherever control stands',
    file: 'src/agents/server/leader.ts',
    find: "store.append(CONTROL_STREAM, expected < 0 ? 'no-stream' : expected, events)",
    replace: "store.append(CONTROL_STREAM, 'any', events)",
  },
  {
    name: 'a leader does not notice that another one leads',
    file: 'src/agents/server/leader.ts',
    find: 'const isDeposed = (): boolean => epoch > 0 && view.state.epoch > epoch',
    replace: 'const isDeposed = (): boolean => epoch < 0 && view.state.epoch > epoch',
  },
  {
    name: 'what a batch that conflicted had looked at is not looked at again',
    file: 'src/agents/server/leader.ts',
    find: "if (outcome === 'conflict') changed = 'all'",
    replace: "if (outcome === 'conflict') changed = noChanges()",
  },
  {
    name: 'a new leader looks at nothing until it changes',
    file: 'src/agents/server/leader.ts',
    find: "leadershipId = id\n      changed = 'all'",
    replace: 'leadershipId = id\n      changed = noChanges()',
  },
  {
    name: 'the loss of a node opens no evaluations',
    file: 'src/agents/server/heartbeat-watcher.ts',
    find: 'data: { nodes: judged, evaluations: evaluationsFor(context, judged) }',
    replace: 'data: { nodes: judged, evaluations: evaluationsFor(context, judged).slice(0, 0) }',
  },
  {
    name: 'the loss of the last node that is up is ignored',
    file: 'src/agents/server/heartbeat-watcher.ts',
    find: 'if (judgement !== null && judged.length < MAX_NODES_PER_JUDGEMENT) judged.push(judgement)',
    replace:
      "if (judgement !== null && Array.from(state.nodes.values()).some(other => other.id !== id && other.status === 'ready')) judged.push(judgement)",
  },
  {
    name: 'a node that comes back stays down',
    file: 'src/agents/server/silent-nodes.ts',
    find: "return { nodeId: node.id, judgement: 'ready', cause: 'heard again, with a full report' }",
    replace: 'return null',
  },
  {
    name: 'heartbeats are not heard',
    file: 'src/agents/server/link-hub.ts',
    find: 'if (session !== null) liveness.heard(session.nodeId)',
    replace: '',
  },
  {
    name: 'a report is acknowledged before it is recorded',
    file: 'src/agents/server/link-hub.ts',
    find: 'const position = await append({\n      nodeId,\n      stream: reportStream(nodeId),',
    replace:
      "link.send({ kind: 'reported', sequence, position: view.state.position })\n    const position = await append({\n      nodeId,\n      stream: reportStream(nodeId),",
  },
  {
    name: 'nobody looks at failed allocations',
    file: 'src/agents/server/failure-watcher.ts',
    find: 'if (byJob.size === 0) return',
    replace: 'if (byJob.size >= 0) return',
  },
  {
    name: 'room that comes free wakes nobody',
    file: 'src/agents/server/unblocker.ts',
    find: 'if (evaluationIds.length === 0) return',
    replace: 'if (evaluationIds.length >= 0) return',
  },
  {
    name: 'a deployment has no progress deadline',
    file: 'src/agents/server/deployment-watcher.ts',
    find: 'count.requireProgressBy > 0 && context.now >= count.requireProgressBy && count.healthy < group.desiredTotal',
    replace: 'count.requireProgressBy < 0 && context.now >= count.requireProgressBy',
  },
  {
    name: 'a schedule forgets which instants it decided',
    file: 'src/agents/server/periodic-dispatcher.ts',
    find: 'Math.max(job.lastPeriodicInstant ?? 0, job.periodicSince)',
    replace: 'job.periodicSince',
  },
  {
    name: 'the collector takes allocations that go on',
    file: 'src/agents/server/garbage-collector.ts',
    find: 'if (!isTerminal(allocation) || holdsResources(allocation)) return false',
    replace: "if (allocation.desired === 'run' && !isTerminal(allocation)) return false",
  },
  {
    name: 'an agent is not told when what it runs is to stop',
    file: 'src/agents/server/node-feed.ts',
    find: '`${allocation.desired}:${allocation.jobVersion}:',
    replace: '`${allocation.jobVersion}:',
  },
  {
    name: 'a repeated report is folded again, and an observation may go back',
    file: 'src/domain/cluster/fold-report.ts',
    find: 'if (before === undefined || isLaterObservation(before, task)) allocation.tasks.set(task.task, task)',
    replace: 'if (before === undefined || isLaterObservation(task, before)) allocation.tasks.set(task.task, task)',
  },
  {
    name: 'resources of what ended are not given back',
    file: 'src/domain/cluster/fold-report.ts',
    find: 'if (held && !holds) freeResources(context, allocation)',
    replace: 'if (held && !holds && allocation.ports.length > 0) freeResources(context, allocation)',
  },
  {
    name: 'what has not started yet takes no room',
    file: 'src/domain/cluster/allocation.ts',
    find: "allocation.observed === 'pending' || allocation.observed === 'running'",
    replace: "allocation.observed === 'running'",
  },
  {
    name: 'an allocation has failed although its poststop task is still to run',
    file: 'src/domain/cluster/allocation.ts',
    find: "if (isPending) return isFailed && hasStarted ? 'running' : 'pending'",
    replace: "if (isPending && !(isFailed && hasStarted)) return 'pending'",
  },
  {
    name: 'registering after a purge goes on with the same incarnation',
    file: 'src/domain/job/decide.ts',
    find: 'data: { incarnation: job.incarnation + 1, version: 0, ...first }',
    replace: 'data: { incarnation: job.incarnation, version: 0, ...first }',
  },
  {
    name: 'a revert overrides a registration that came first',
    file: 'src/domain/job/decide.ts',
    find: 'if (!isLive(job) || job.revision !== data.atRevision) return accepted()',
    replace: 'if (!isLive(job)) return accepted()',
  },
  {
    name: 'a dispatch token is good for two launches',
    file: 'src/domain/job/decide.ts',
    find: 'if (data.tokenDigest !== null && job.dispatchTokens.has(data.tokenDigest)) return accepted()',
    replace: '',
  },
  {
    name: 'an update starts the new one and forgets to stop the old',
    file: 'src/domain/scheduler/reconcile-group.ts',
    find: "linkedStop: stopOf(allocation, 'updated'),",
    replace: 'linkedStop: null,',
  },
  {
    name: 'allocations of an older incarnation are left alone',
    file: 'src/domain/scheduler/reconcile.ts',
    find: "if (!holdsResources(allocation) || allocation.judgement === 'lost') return null",
    replace:
      "if (!holdsResources(allocation) || allocation.judgement === 'lost' || reason === 'older-incarnation') return null",
  },
  {
    name: 'a command that is sent again is decided again',
    file: 'src/app/job-commands.ts',
    find: 'if (earlier !== undefined) return earlierAnswer(store, request, earlier)',
    replace: 'if (earlier !== undefined && attempt < 0) return earlierAnswer(store, request, earlier)',
  },
  {
    name: 'a start without an answer is taken for one that failed',
    file: 'src/agents/client/steps/start.ts',
    find: 'await removeStarted(context, isTriedAgain ? [start.id] : [])\n',
    replace: "return { kind: 'failed', message: error.message, isRecoverable: true }\n",
  },
  {
    name: 'an agent that takes its tasks along goes on starting others',
    file: 'src/agents/client/supervisor.ts',
    find: "if (isEnding) return 'applied'",
    replace: 'void isEnding',
  },
  {
    name: 'what a full desired state does not name goes on',
    file: 'src/agents/client/supervisor.ts',
    find: 'if (listed.has(runner.id) || runner.isTerminal() || runner.isStopping()) continue',
    replace: 'if (listed.size >= 0 || runner.isTerminal() || runner.isStopping()) continue',
  },
  {
    name: 'a port is taken over before its holder has ended',
    file: 'src/agents/client/supervisor.ts',
    find: 'runner.setHeldBack(hasLivePredecessor(previousId) || ports.some(port => leaving.has(port)))',
    replace: 'runner.setHeldBack(hasLivePredecessor(previousId) && leaving.size < 0)',
  },
  {
    name: 'an agent does not say that it holds nothing of what it is to stop',
    file: 'src/agents/client/supervisor.ts',
    find: 'reportUnheld(desired)\n',
    replace: 'void reportUnheld\n',
  },
  {
    name: 'a report that was not acknowledged is forgotten with its link',
    file: 'src/agents/client/reporter.ts',
    find: 'disconnected: () => {\n      send = undefined',
    replace: 'disconnected: () => {\n      underWay = null\n      send = undefined',
  },
  {
    name: 'an agent that starts again takes its tasks for lost',
    file: 'src/agents/client/steps/start.ts',
    find: "if (found === 'running') {",
    replace: "if (found !== 'running') {",
  },
]
