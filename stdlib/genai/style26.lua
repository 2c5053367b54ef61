return require "genai.models.style26"
