# The company's web page on port 5000. The template tells it where redis is, and again whenever redis moves.

variable "tag" {
  type        = string
  default     = "1.0"
  description = "Tag of the local images under muster-demo/."
}

job "pytechco-web" {
  type = "service"

  group "ptc-web" {
    count = 1

    network {
      port "web" {
        static = 5000
      }
    }

    service {
      name     = "ptc-web-svc"
      port     = "web"
      provider = "nomad"
    }

    task "ptc-web-task" {
      driver = "docker"

      template {
        data        = <<EOH
{{ range nomadService "redis-svc" }}
REDIS_HOST={{ .Address }}
REDIS_PORT={{ .Port }}
FLASK_HOST=0.0.0.0
REFRESH_INTERVAL=500
{{ end }}
EOH
        destination = "local/env.txt"
        env         = true
      }

      config {
        image = "muster-demo/ptc-web:${var.tag}"
        ports = ["web"]
      }
    }
  }
}
