/** `npm run bench [name …]`: prints figures, medians of several runs. A program, not a test: these machines are noisy. */
import { benchColdStart } from './cold-start.ts'
import { benchControlPlane } from './control-plane.ts'
import { benchJobRun } from './job-run.ts'
import { benchRebuild } from './rebuild.ts'

const benches: Readonly<Record<string, () => Promise<void>>> = {
  'control-plane': benchControlPlane,
  'cold-start': benchColdStart,
  'job-run': benchJobRun,
  rebuild: benchRebuild,
}

const names = process.argv.slice(2)
for (const [name, bench] of Object.entries(benches)) if (names.length === 0 || names.includes(name)) await bench()
process.exit(0)
