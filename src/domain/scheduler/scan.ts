import type { AllocationState } from '../cluster/index.ts'
import { type Board, fillCandidate, propertyUses } from './board.ts'
import { type Candidate, type Check, checks, type PlacementRequest, passes, type Refusal } from './feasibility/index.ts'
import type { Prospect } from './ranking/index.ts'

/**
 * One group's questions to the nodes of a board. Answers that a whole class shares are asked once per class; the rest is
 * arithmetic on one reused candidate.
 */
export type Scan = {
  readonly request: PlacementRequest
  /** Turns to the node of a row, `previous` handing over what it holds there; what follows is asked of that node. */
  readonly look: (row: number, previous: AllocationState | null) => void
  /** The first reason against the node, null when it is fit. */
  readonly firstRefusal: () => Refusal | null
  /** Every reason against the node. */
  readonly refusals: () => readonly Refusal[]
  /** The node as a placement would leave it; the same object every time. */
  readonly prospect: (isPenalised: boolean) => Prospect
  /** The node as it stands. */
  readonly candidate: Candidate
  /** To be called when rows were placed or counted out: distinct properties are counted anew. */
  readonly recount: () => void
}

const applicable = (request: PlacementRequest, scope: Check['scope']): readonly Check[] =>
  checks.filter(check => check.scope === scope && check.applies(request))

const emptyProspect = (desired: number): Prospect => ({
  freeCpuMhz: 0,
  cpuMhz: 0,
  freeMemoryMb: 0,
  memoryMb: 0,
  sameGroup: 0,
  desired,
  isPenalised: false,
})

const emptyCandidate = (board: Board): Candidate | null => {
  const node = board.snapshot.nodes[0]
  if (node === undefined) return null
  return {
    node,
    freeCpuMhz: 0,
    freeMemoryMb: 0,
    freeDiskMb: 0,
    takenPorts: new Set(),
    inheritsFrom: null,
    ofJob: 0,
    ofGroup: 0,
    propertyUse: () => 0,
  }
}

/** Null where there is no node at all. */
export const createScan = (board: Board, request: PlacementRequest): Scan | null => {
  const candidate = emptyCandidate(board)
  if (candidate === null) return null
  const { snapshot } = board
  const classChecks = applicable(request, 'class')
  const nodeChecks = applicable(request, 'node')
  const verdicts: (readonly Refusal[] | undefined)[] = []
  const prospect = emptyProspect(request.group.count)
  const group = request.group.name
  let uses = propertyUses(board, request)
  candidate.propertyUse = (property, value) => uses[property]?.get(value) ?? 0

  let current = 0
  const classVerdict = (): readonly Refusal[] => {
    const index = snapshot.classIndex[current] ?? 0
    const known = verdicts[index]
    if (known !== undefined) return known
    const refused = classChecks.flatMap(check => check.refuse(request, candidate))
    const verdict = refused.length === 0 ? passes : refused
    verdicts[index] = verdict
    return verdict
  }
  return {
    request,
    candidate,
    look: (row, previous) => {
      current = row
      fillCandidate(board, candidate, row, { group, previous })
    },
    firstRefusal: () => {
      const shared = classVerdict()
      if (shared.length > 0) return shared[0] ?? null
      for (const check of nodeChecks) {
        const refused = check.refuse(request, candidate)
        if (refused.length > 0) return refused[0] ?? null
      }
      return null
    },
    refusals: () => {
      const own = nodeChecks.map(check => check.refuse(request, candidate)).filter(refused => refused.length > 0)
      const shared = classVerdict()
      if (shared.length === 0 && own.length === 1) return own[0] ?? passes
      return [...shared, ...own.flat()]
    },
    prospect: isPenalised => {
      prospect.freeCpuMhz = candidate.freeCpuMhz - request.demand.cpuMhz
      prospect.cpuMhz = snapshot.cpuMhz[current] ?? 0
      prospect.freeMemoryMb = candidate.freeMemoryMb - request.demand.memoryMb
      prospect.memoryMb = snapshot.memoryMb[current] ?? 0
      prospect.sameGroup = candidate.ofGroup
      prospect.isPenalised = isPenalised
      return prospect
    },
    recount: () => {
      if (request.distinctProperties.length > 0) uses = propertyUses(board, request)
    },
  }
}
