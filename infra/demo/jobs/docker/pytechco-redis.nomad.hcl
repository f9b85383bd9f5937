# The company's database, found by the other jobs under the service name redis-svc.

variable "tag" {
  type        = string
  default     = "1.0"
  description = "Tag of the local images under muster-demo/."
}

job "pytechco-redis" {
  type = "service"

  group "ptc-redis" {
    count = 1

    network {
      port "redis" {
        to = 6379
      }
    }

    service {
      name     = "redis-svc"
      port     = "redis"
      provider = "nomad"
    }

    task "redis-task" {
      driver = "docker"

      config {
        image = "muster-demo/redis:${var.tag}"
        ports = ["redis"]
      }
    }
  }
}
