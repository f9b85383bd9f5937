/** What `job init` writes: a small job that runs as it stands. */
export const exampleJob = `# A job is what shall run. This one keeps one copy of a cache running:
#   muster job run example.nomad.hcl
#   muster job status example
job "example" {
  # service: kept running until it is stopped. batch: run until it is done.
  type = "service"

  # Tasks of one group run side by side on one node.
  group "cache" {
    # How many copies of the group shall run.
    count = 1

    network {
      # The scheduler picks a port of the node; "to" is the port that the program listens on.
      port "db" {
        to = 6379
      }
    }

    # Makes the address known: templates find it with nomadService "example-cache".
    service {
      name     = "example-cache"
      port     = "db"
      provider = "nomad"

      check {
        type     = "tcp"
        interval = "10s"
        timeout  = "2s"
      }
    }

    # How often a failed task is started again on its node before another node is tried.
    restart {
      attempts = 2
      interval = "30m"
      delay    = "15s"
      mode     = "fail"
    }

    task "redis" {
      # What runs the task: docker, or raw_exec where the agent allows it.
      driver = "docker"

      config {
        image = "redis:7"
        ports = ["db"]
      }

      # MHz and MiB that are kept free for the task.
      resources {
        cpu    = 500
        memory = 256
      }
    }
  }
}
`

const isContent = (line: string): boolean => !/^\s*#/.test(line)

/** The same without its comments. */
export const shortExampleJob = exampleJob.split('\n').filter(isContent).join('\n')
