# The company's database, found by the other jobs under the service name redis-svc.

variable "redis" {
  type        = string
  default     = "redis-server"
  description = "The program to run: redis-server, or node for the stand-in."
}

variable "redis_setup" {
  type        = string
  description = "Its first argument: the path of programs/redis.conf, or of programs/redis-stand-in.mjs for node."
}

job "pytechco-redis" {
  type = "service"

  group "ptc-redis" {
    count = 1

    network {
      port "redis" {}
    }

    service {
      name     = "redis-svc"
      port     = "redis"
      provider = "nomad"
    }

    task "redis-task" {
      driver = "raw_exec"

      config {
        # What a task binds is the port that the orchestrator picked: there is no container around it that could map it.
        command = var.redis
        args    = [var.redis_setup, "--port", "${NOMAD_PORT_redis}"]
      }
    }
  }
}
