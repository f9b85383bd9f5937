/**
 * The POSIX shell programs that raw_exec tasks live under. Shell, because a holder must cost next to nothing (dash: about
 * a megabyte) and must not need anything of ours to be installed, bundled or still running.
 *
 *     agent ── FIFO ──▶ broker ─▶ holder (one a task) ─▶ task
 *                                   └─▶ collector (one an output stream) ─▶ web.stdout.0, web.stdout.1 …
 *
 * Each has a session of its own, so that neither the end of the agent nor that of the broker reaches a task. Only the
 * task's holder is needed to learn its exit status, and only its collectors to keep its output going.
 */

/** The request for the broker's end. */
export const QUIT_REQUEST = 'quit'

/**
 * Reads requests from a FIFO in its directory ($1), one a line: `start KEY` or `quit`. Holds the FIFO open for writing
 * too, so that the end of an agent is not the end of its input. `broker.pid` is for people. A start that is asked for twice is claimed by one holder.
 *
 * Nothing that leads to a task is started with `&`: a shell has what it starts so ignore SIGINT for good, and that is the
 * signal by which tasks are stopped. A second setsid, which leads its session already, forks and returns at once.
 */
export const brokerScript = `
unset MUSTER_BROKER
cd "$1" || exit 1
holder=$2
collector=$3
mkfifo "broker.fifo.$$" || exit 1
exec 3<>"broker.fifo.$$"
mv -f "broker.fifo.$$" broker.fifo || exit 1
echo "$$" >broker.pid
while read -r verb key <&3; do
  case $verb in
    start) setsid setsid /bin/sh "$holder" "$1/starts/$key" "$1/ends/$key" "$collector" </dev/null >/dev/null 2>&1 3>&- ;;
    quit) rm -f broker.fifo broker.pid; exit 0 ;;
  esac
done
`

/**
 * Starts the task of a start directory ($1), records itself (`holder_stat`, its line of /proc), kills what is left of the
 * process group when the task ends, and writes into a file ($2) first the exit status, then, when all output is in its
 * files, "drained". The task's own line (`task_stat`) is written by start.sh. A record counts once its line is complete.
 * It opens both ends of the pipes by itself, so that nobody waits for a peer that was killed before it opened its own.
 */
export const holderScript = `
cd "$1" || exit 1
end=$2
collector=$3
set -C
command : 2>/dev/null >claimed || exit 0
set +C
read -r stat <"/proc/$$/stat"
echo "$stat" >holder_stat
. ./holder.conf
if [ "$COLLECTS" = 1 ]; then
  mkfifo out err || exit 1
  exec 4<>out 5<>err
  exec 6<out 7>out 8<err 9>err
  exec 4>&- 5>&-
  MUSTER_TASK_START="collector $MUSTER_TASK_START"
  /bin/sh "$collector" "$STDOUT_BASE" "$MAX_FILE_BYTES" "$MAX_FILES" <&6 6<&- 7>&- 8<&- 9>&- >/dev/null 2>&1 &
  first=$!
  /bin/sh "$collector" "$STDERR_BASE" "$MAX_FILE_BYTES" "$MAX_FILES" <&8 6<&- 7>&- 8<&- 9>&- >/dev/null 2>&1 &
  second=$!
  exec 6<&- 8<&-
  setsid /bin/sh ./start.sh </dev/null >&7 2>&9 7>&- 9>&-
else
  setsid /bin/sh ./start.sh </dev/null >/dev/null 2>&1
fi
code=$?
if [ "$COLLECTS" = 1 ]; then exec 7>&- 9>&-; fi
if read -r task rest <task_stat; then kill -9 -- "-$task"; fi 2>/dev/null
echo "$code" >"$end"
if [ "$COLLECTS" = 1 ]; then wait "$first" "$second"; fi
echo drained >>"$end"
`

/**
 * Appends its input to numbered files: $1 = path without number, $2 = bytes a file, $3 = files kept. `dd` writes what it
 * reads at once, unlike `head`, so that a follower sees each line when it is printed. Where a file cannot be written (a
 * full disk) output is thrown away for a while, since a task must not be blocked or killed for its output's sake.
 */
export const collectorScript = `
LC_ALL=C
export LC_ALL
base=$1
max=$2
keep=$3
block=16384
number=0
for file in "$base".*; do
  suffix=\${file##*.}
  case $suffix in
    '' | *[!0-9]*) ;;
    *) if [ "$suffix" -gt "$number" ]; then number=$suffix; fi ;;
  esac
done
# $1 = what dd was told to read at most, the rest is what it reported; false when it met the end of its input.
has_more() {
  records=\${2%% records in*}
  records=\${records##*[!0-9+]}
  [ "$(($records))" -ge "$1" ]
}
while :; do
  size=0
  if [ -f "$base.$number" ]; then size=$(wc -c <"$base.$number"); fi
  if [ "$size" -ge "$max" ]; then
    number=$((number + 1))
    size=0
    for file in "$base".*; do
      suffix=\${file##*.}
      case $suffix in
        '' | *[!0-9]*) ;;
        *) if [ "$suffix" -le "$((number - keep))" ]; then rm -f "$file"; fi ;;
      esac
    done
  fi
  room=$((max - size))
  if [ "$room" -ge "$block" ]; then bytes=$block; else bytes=$room; fi
  count=$((room / bytes))
  if report=$(dd bs="$bytes" count="$count" 2>&1 >>"$base.$number"); then
    has_more "$count" "$report" || exit 0
  else
    report=$(dd bs="$block" count=64 2>&1 >/dev/null)
    has_more 64 "$report" || exit 0
  fi
done
`
