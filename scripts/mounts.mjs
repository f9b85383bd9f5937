import { readFileSync } from 'node:fs'

/** Mount points below a directory, the one that was mounted last first. For programs that run before anything is installed. */
export const mountsBelow = dir =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[1] ?? '')
    .filter(path => path.startsWith(`${dir}/`))
    .toReversed()
