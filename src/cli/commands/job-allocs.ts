import { found, listAll, PAGE_SIZE } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
import { jobAllocationsDocument } from '../queries/job-status.ts'
import { renderAllocationList } from '../render/allocation-list.ts'

export const command = defineCommand({
  usage: 'muster job allocs [options] <job>',
  description: 'Lists the allocations of a job, newest first.',
  flags: [{ name: 'all', type: 'boolean', usage: 'Those of earlier registrations too.' }, verboseFlag, ...outputFlags],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const id = positionals[0] ?? ''
    const { namespace } = context.settings
    const { rows, isCut } = await listAll(async cursor => {
      const variables = { id, namespace, first: PAGE_SIZE, cursor, allVersions: flags.all }
      return found((await context.api.query(jobAllocationsDocument, variables)).job, 'JOB', id).allocations
    })
    warnIfCut(context, isCut, rows.length)
    const options = { isVerbose: flags.verbose, nowMs: context.clock.now() }
    return printData(context, flags, rows, allocations => renderAllocationList(allocations, options))
  },
})
