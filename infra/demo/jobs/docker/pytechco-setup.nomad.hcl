# Resets the database. Registering it runs nothing: each "job dispatch" with a budget runs it once.

variable "tag" {
  type        = string
  default     = "1.0"
  description = "Tag of the local images under muster-demo/."
}

job "pytechco-setup" {
  type = "batch"

  parameterized {
    meta_required = ["budget"]
  }

  group "ptc-setup" {
    count = 1

    task "ptc-setup-task" {
      driver = "docker"

      template {
        data        = <<EOH
{{ range nomadService "redis-svc" }}
REDIS_HOST={{ .Address }}
REDIS_PORT={{ .Port }}
{{ end }}
PTC_BUDGET={{ env "NOMAD_META_budget" }}
EOH
        destination = "local/env.txt"
        env         = true
      }

      config {
        image = "muster-demo/ptc-setup:${var.tag}"
      }

      resources {
        cpu    = 50
        memory = 128
      }
    }
  }
}
