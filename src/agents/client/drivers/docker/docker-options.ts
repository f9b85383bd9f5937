import { checkOptions, type OptionTable, stringOption, type TaskConfig } from '../task-config.ts'
import { parseImageReference } from './image-reference.ts'

const supported: OptionTable = {
  image: 'string',
  command: 'string',
  args: 'strings',
  entrypoint: 'string or strings',
  ports: 'strings',
  labels: 'map',
  force_pull: 'boolean',
  work_dir: 'string',
  hostname: 'string',
  init: 'boolean',
  auth: 'map',
}

/** What Nomad's driver has beside that. Refused by name: many of them change what a task may do or where its data is. */
const unsupported = [
  'advertise_ipv6_address auth_soft_fail cap_add cap_drop cgroupns container_exists_attempts cpu_cfs_period',
  'cpu_hard_limit cpuset_cpus devices dns_options dns_search_domains dns_servers extra_hosts group_add healthchecks',
  'image_pull_timeout interactive ipc_mode ipv4_address ipv6_address isolation load logging mac_address',
  'memory_hard_limit mount mounts network_aliases network_mode oom_score_adj pid_mode pids_limit port_map privileged',
  'readonly_rootfs runtime security_opt shm_size storage_opt sysctl tty ulimit userns_mode uts_mode volume_driver volumes',
].flatMap(line => line.split(' '))

const options: OptionTable = {
  ...supported,
  ...Object.fromEntries(unsupported.map(name => [name, 'unsupported'] as const)),
}

const authOptions: OptionTable = { username: 'string', password: 'string', email: 'string', server_address: 'string' }

const checkAuth = (config: TaskConfig): readonly string[] => {
  const { auth } = config
  const blocks = Array.isArray(auth) ? auth : [auth]
  return blocks.flatMap(block =>
    typeof block === 'object' && block !== null && !Array.isArray(block)
      ? checkOptions('docker option "auth":', authOptions, block)
      : [],
  )
}

/** See TaskDriver.validate. */
export const validateDockerConfig = (config: TaskConfig): readonly string[] => {
  const image = stringOption(config, 'image')
  const problems = [...checkOptions('docker', options, config), ...checkAuth(config)]
  if (image === '') return [...problems, 'docker needs the option "image"']
  if (parseImageReference(image) !== undefined) return problems
  return [...problems, `docker option "image" is not the name of an image: ${JSON.stringify(image)}`]
}
