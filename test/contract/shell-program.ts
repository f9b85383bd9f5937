import type { Program } from './driver.contract.ts'

/** The contract's programs for any POSIX shell, busybox's too, with nothing around it but `cat`, `cp`, `kill` and `nc`. */
export const shellProgram = (program: Program): string => {
  switch (program.kind) {
    case 'exit':
      return `exit ${program.code}`
    case 'run':
      return 'sleep 1000'
    case 'ignore-term':
      return 'trap "" TERM; echo ready; while :; do sleep 1000; done'
    case 'die-by':
      return `kill -${program.signal} $$; sleep 1000`
    case 'print':
      return `printf '%s' '${program.stdout}'; printf '%s' '${program.stderr}' >&2`
    case 'print-env':
      return program.names.map(name => `printf '%s\\n' "$${name}"`).join('; ')
    case 'copy-files':
      return 'cp "$NOMAD_TASK_DIR/in" "$NOMAD_ALLOC_DIR/out" && cp "$NOMAD_TASK_DIR/in" "$NOMAD_SECRETS_DIR/out"'
    case 'serve-hello':
      return 'while :; do echo hello | busybox nc -l -p "$NOMAD_PORT_http"; done'
    case 'eat-memory':
      return 'x=aaaaaaaaaaaaaaaa; while :; do x="$x$x"; done'
    case 'flood':
      return `i=0; while [ $i -lt ${program.lines} ]; do i=$((i+1)); echo "$i ${'x'.repeat(90)}"; done`
    case 'tick':
      return 'i=0; while :; do i=$((i+1)); echo "tick $i"; sleep 0.01; done'
    case 'print-bytes': {
      const letters = program.content === 'line' ? " | od -An -v -tx1 | tr -d ' \\n'" : ''
      const made = `head -c ${program.count} /dev/urandom${letters} | head -c ${program.count}`
      return `${made} >"$NOMAD_ALLOC_DIR/printed"; cat "$NOMAD_ALLOC_DIR/printed"`
    }
    case 'burn':
      return 'setsid sh -c "while :; do :; done" & wait'
    case 'run-with-children':
      return 'trap "" TERM; sleep 1000 & setsid sleep 1000 & echo ready; trap - TERM; wait'
  }
}
