#!/usr/bin/env python3
"""Writes tuning.jsonl and held_out.jsonl: planted secrets and their look-alikes, in realistic text.

Every "secret" here is drawn from a seeded random generator in the shape that its service documents; none was ever
issued by anyone. The shapes are written down a second time, apart from the filter's own table, so that a slip in one
shows. The two files differ in their random values, in their phrasing and in their surroundings: detection is tuned
on the first only.

    python3 tests/secrets/generate.py
"""

import base64
import json
import pathlib
import random
import string
import uuid
import zlib

LOWER, UPPER, DIGIT = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALNUM = UPPER + LOWER + DIGIT
HEX = "0123456789abcdef"
WORD = ALNUM + "_"
URL = ALNUM + "-_"
B64 = ALNUM + "+/"
BASE62 = DIGIT + UPPER + LOWER


class Source:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def of(self, alphabet, least, most=None):
        length = self.random.randint(least, most or least)
        return "".join(self.random.choice(alphabet) for _ in range(length))

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def b64(self, count):
        return base64.b64encode(self.random.randbytes(count)).decode()

    def b64url(self, count):
        return base64.urlsafe_b64encode(self.random.randbytes(count)).decode().rstrip("=")

    def checked(self, prefix):
        body = self.of(ALNUM, 30)
        rest, text = zlib.crc32(body.encode()), ""
        for _ in range(6):
            text = BASE62[rest % 62] + text
            rest //= 62
        return prefix + body + text

    def jwt(self):
        part = lambda value: base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")
        header = {"alg": self.random.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
        if self.random.random() < 0.4:
            header["kid"] = self.of(HEX, 16)
        return ".".join([part(header), part({"sub": self.of(DIGIT, 8), "iat": 1700000000, "iss": self.of(LOWER, 6)}), self.b64url(32)])

    def pem(self):
        label = self.random.choice(["RSA PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"])
        body = self.b64(self.random.choice([118, 300, 600]))
        lines = [body[at:at + 64] for at in range(0, len(body), 64)]
        glue = self.random.choice(["\n", "\n", "\\n"])
        return glue.join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----"])

    def password(self):
        word = self.random.choice(["Summer", "Falcon", "tiger", "Blue", "winter", "Corp", "rocket", "Munich", "dragon"])
        sign = self.random.choice("!@#$%^&*?")
        return self.random.choice([
            f"{word}{self.random.randint(10, 2030)}{sign}",
            f"{word[0]}{sign}{word[1:]}_{self.random.randint(10, 999)}",
            self.of(ALNUM + "!@#%^*-_", 12, 20) + str(self.random.randint(1, 9)),
            f"{word}-{self.of(LOWER + DIGIT, 5)}-{self.of(DIGIT, 3)}",
        ])


TOKENS = {
    "openai": lambda s: "sk-" + s.of(ALNUM, 20) + "T3BlbkFJ" + s.of(ALNUM, 20),
    "openai-project": lambda s: "sk-proj-" + s.of(URL, 74) + "T3BlbkFJ" + s.of(URL, 74),
    "openai-service": lambda s: "sk-svcacct-" + s.of(URL, 58) + "T3BlbkFJ" + s.of(URL, 58),
    "deepseek": lambda s: "sk-" + s.of(HEX, 32),
    "anthropic": lambda s: "sk-ant-api03-" + s.of(URL, 93) + "AA",
    "anthropic-admin": lambda s: "sk-ant-admin01-" + s.of(URL, 93) + "AA",
    "openrouter": lambda s: "sk-or-v1-" + s.of(HEX, 64),
    "xai": lambda s: "xai-" + s.of(ALNUM, 80),
    "google": lambda s: "AIza" + "Sy" + s.of(URL, 33),
    "google-oauth": lambda s: "GOCSPX-" + s.of(URL, 28),
    "google-access": lambda s: "ya29." + s.of(URL, 120, 200),
    "huggingface": lambda s: "hf_" + s.of(UPPER + LOWER, 34),
    "replicate": lambda s: "r8_" + s.of(ALNUM, 37),
    "groq": lambda s: "gsk_" + s.of(ALNUM, 52),
    "perplexity": lambda s: "pplx-" + s.of(ALNUM, 48),
    "fireworks": lambda s: "fw_" + s.of(ALNUM, 24),
    "nvidia": lambda s: "nvapi-" + s.of(URL, 64),
    "langsmith": lambda s: "lsv2_pt_" + s.of(HEX, 32) + "_" + s.of(HEX, 10),
    "pinecone": lambda s: "pcsk_" + s.of(ALNUM, 5) + "_" + s.of(ALNUM, 63),
    "tavily": lambda s: "tvly-dev-" + s.of(ALNUM, 32),
    "aws": lambda s: s.random.choice(["AKIA", "ASIA"]) + s.of(UPPER + "234567", 16),
    "alibaba": lambda s: "LTAI" + s.of(ALNUM, 20),
    "tencent": lambda s: "AKID" + s.of(ALNUM, 32),
    "yandex": lambda s: "AQVN" + s.of(URL, 36),
    "digitalocean": lambda s: s.random.choice(["dop_v1_", "doo_v1_", "dor_v1_"]) + s.of(HEX, 64),
    "heroku": lambda s: "HRKU-" + s.uuid(),
    "fly": lambda s: "fo1_" + s.of(URL, 43),
    "fly-macaroon": lambda s: "fm2_" + s.b64(150).rstrip("="),
    "render": lambda s: "rnd_" + s.of(ALNUM, 28),
    "netlify": lambda s: "nfp_" + s.of(ALNUM, 36),
    "cloudflare-ca": lambda s: "v1.0-" + s.of(HEX, 24) + "-" + s.of(HEX, 146),
    "github": lambda s: s.checked(s.random.choice(["ghp_", "gho_", "ghu_", "ghs_"])),
    "github-old": lambda s: "ghp_" + s.of(ALNUM, 36),
    "github-fine": lambda s: "github_pat_" + s.of(ALNUM, 22) + "_" + s.of(ALNUM, 59),
    "gitlab": lambda s: "glpat-" + s.of(URL, 20),
    "gitlab-routable": lambda s: "glpat-" + s.of(URL, 27) + ".01." + s.of(LOWER + DIGIT, 9),
    "gitlab-runner": lambda s: "glrt-" + s.of(URL, 20),
    "gitlab-trigger": lambda s: "glptt-" + s.of(HEX, 40),
    "atlassian": lambda s: "ATATT3" + s.of(URL, 178) + "=" + s.of(HEX.upper(), 8),
    "bitbucket": lambda s: "ATBB" + s.of(ALNUM, 32),
    "npm": lambda s: s.checked("npm_"),
    "pypi": lambda s: "pypi-AgEIcHlwaS5vcmc" + s.of(URL, 140, 180),
    "rubygems": lambda s: "rubygems_" + s.of(HEX, 48),
    "crates": lambda s: "cio" + s.of(ALNUM, 32),
    "nuget": lambda s: "oy2" + s.of(LOWER + DIGIT, 43),
    "clojars": lambda s: "CLOJARS_" + s.of(LOWER + DIGIT, 60),
    "jfrog": lambda s: "AKCp" + s.of(ALNUM, 69),
    "docker": lambda s: "dckr_pat_" + s.of(URL, 27),
    "sourcegraph": lambda s: "sgp_" + s.of(HEX, 16) + "_" + s.of(HEX, 40),
    "buildkite": lambda s: "bkua_" + s.of(HEX, 40),
    "octopus": lambda s: "API-" + s.of(UPPER + DIGIT, 26),
    "sonar": lambda s: "squ_" + s.of(HEX, 40),
    "prefect": lambda s: "pnu_" + s.of(ALNUM, 36),
    "postman": lambda s: "PMAK-" + s.of(HEX, 24) + "-" + s.of(HEX, 34),
    "readme": lambda s: "rdme_" + s.of(LOWER + DIGIT, 70),
    "figma": lambda s: "figd_" + s.of(URL, 40),
    "notion": lambda s: "ntn_" + s.of(DIGIT, 11) + s.of(ALNUM, 35),
    "notion-old": lambda s: "secret_" + s.of(ALNUM, 43),
    "linear": lambda s: "lin_api_" + s.of(ALNUM, 40),
    "airtable": lambda s: "pat" + s.of(ALNUM, 14) + "." + s.of(HEX, 64),
    "contentful": lambda s: "CFPAT-" + s.of(URL, 43),
    "typeform": lambda s: "tfp_" + s.of(ALNUM + "-_.", 58) + "7",
    "frameio": lambda s: "fio-u-" + s.of(URL, 64),
    "dropbox": lambda s: "sl." + s.of(URL, 135),
    "vault": lambda s: "hvs." + s.of(URL, 95),
    "vault-old": lambda s: "s." + s.of(ALNUM, 23) + "4",
    "terraform": lambda s: s.of(ALNUM, 14) + ".atlasv1." + s.of(URL, 67),
    "doppler": lambda s: "dp.pt." + s.of(ALNUM, 43),
    "1password": lambda s: "A3-" + s.of(UPPER + DIGIT, 6) + "-" + s.of(UPPER + DIGIT, 6) + "-" + "-".join(s.of(UPPER + DIGIT, 5) for _ in range(4)),
    "age": lambda s: "AGE-SECRET-KEY-1" + s.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58),
    "pulumi": lambda s: "pul-" + s.of(HEX, 40),
    "databricks": lambda s: "dapi" + s.of(HEX, 32),
    "planetscale": lambda s: "pscale_tkn_" + s.of(URL, 43),
    "supabase": lambda s: "sbp_" + s.of(HEX, 40),
    "tailscale": lambda s: "tskey-auth-" + s.of(ALNUM, 17) + "-" + s.of(ALNUM, 32),
    "openshift": lambda s: "sha256~" + s.of(URL, 43),
    "grafana": lambda s: "glsa_" + s.of(ALNUM, 32) + "_" + s.of(HEX, 8),
    "newrelic": lambda s: "NRAK-" + s.of(UPPER + DIGIT, 27),
    "dynatrace": lambda s: "dt0c01." + s.of(UPPER + DIGIT, 24) + "." + s.of(UPPER + DIGIT, 64),
    "sentry": lambda s: "sntryu_" + s.of(HEX, 64),
    "posthog": lambda s: "phx_" + s.of(ALNUM, 43),
    "launchdarkly": lambda s: "api-" + s.uuid(),
    "stripe": lambda s: s.random.choice(["sk_live_", "rk_live_", "sk_test_"]) + s.of(ALNUM, 24, 99),
    "stripe-webhook": lambda s: "whsec_" + s.of(ALNUM, 32),
    "square": lambda s: "sq0atp-" + s.of(URL, 22),
    "square-secret": lambda s: "sq0csp-" + s.of(URL, 43),
    "braintree": lambda s: "access_token$production$" + s.of(LOWER + DIGIT, 16) + "$" + s.of(HEX, 32),
    "plaid": lambda s: "access-production-" + s.uuid(),
    "razorpay": lambda s: "rzp_live_" + s.of(ALNUM, 14),
    "flutterwave": lambda s: "FLWSECK-" + s.of(HEX, 32) + "-X",
    "duffel": lambda s: "duffel_live_" + s.of(URL, 43),
    "shippo": lambda s: "shippo_live_" + s.of(HEX, 40),
    "easypost": lambda s: "EZAK" + s.of(ALNUM, 54),
    "shopify": lambda s: s.random.choice(["shpat_", "shpca_", "shppa_", "shpss_"]) + s.of(HEX, 32),
    "slack-bot": lambda s: f"xoxb-{s.of(DIGIT, 12)}-{s.of(DIGIT, 13)}-{s.of(ALNUM, 24)}",
    "slack-user": lambda s: f"xoxp-{s.of(DIGIT, 12)}-{s.of(DIGIT, 12)}-{s.of(DIGIT, 13)}-{s.of(HEX, 32)}",
    "slack-app": lambda s: f"xapp-1-A{s.of(UPPER + DIGIT, 10)}-{s.of(DIGIT, 13)}-{s.of(HEX, 64)}",
    "slack-hook": lambda s: f"https://hooks.slack.com/services/T{s.of(UPPER + DIGIT, 8)}/B{s.of(UPPER + DIGIT, 10)}/{s.of(ALNUM, 24)}",
    "discord-hook": lambda s: f"https://discord.com/api/webhooks/{s.of(DIGIT, 18)}/{s.of(URL, 68)}",
    "discord-bot": lambda s: "MT" + s.of(ALNUM, 24) + "." + s.of(URL, 6) + "." + s.of(URL, 38),
    "telegram": lambda s: s.random.choice("123456789") + s.of(DIGIT, 9) + ":AA" + s.of(URL, 33),
    "twilio": lambda s: "SK" + s.of(HEX, 32),
    "sendgrid": lambda s: "SG." + s.of(URL, 22) + "." + s.of(URL, 43),
    "mailgun": lambda s: "key-" + s.of(HEX, 32),
    "mailchimp": lambda s: s.of(HEX, 32) + "-us" + str(s.random.randint(1, 21)),
    "brevo": lambda s: "xkeysib-" + s.of(HEX, 64) + "-" + s.of(ALNUM, 16),
    "resend": lambda s: "re_" + s.of(ALNUM, 8) + "_" + s.of(ALNUM, 24),
    "hubspot": lambda s: "pat-na1-" + s.uuid(),
    "facebook": lambda s: "EAAC" + s.of(ALNUM, 150),
    "twitter": lambda s: "A" * 22 + s.of(ALNUM, 60, 80) + "%3D" + s.of(ALNUM, 20),
    "mapbox": lambda s: "sk.eyJ1Ijoi" + s.of(ALNUM, 60) + "." + s.of(URL, 22),
    "entra": lambda s: s.of(ALNUM, 3) + "8Q~" + s.of(ALNUM + "_~.-", 34),
    "maxmind": lambda s: s.of(ALNUM, 6) + "_" + s.of(ALNUM, 29) + "_mmk",
    "azure-ai": lambda s: s.of(ALNUM, 52) + "JQQJ99B" + s.of(ALNUM, 25),
    "apify": lambda s: "apify_api_" + s.of(ALNUM, 36),
    "scalingo": lambda s: "tk-us-" + s.of(URL, 48),
    "settlemint": lambda s: "sm_pat_" + s.of(ALNUM, 15) + "5",
    "circleci": lambda s: "CCIPAT_" + s.of(ALNUM, 22) + "_" + s.of(HEX, 40),
    "jwt": lambda s: s.jwt(),
    "pem": lambda s: s.pem(),
    "bearer-only": lambda s: s.of(ALNUM, 40),
}

# Whether the token is known without a name is the point of most; the last has none of its own.
BARE = [name for name in TOKENS if name != "bearer-only"]

FRAMES = {
    "tuning": [
        "Here is my key: {}",
        "export API_KEY={}\nexport REGION=eu-west-1\n",
        "{{\"model\": \"gpt-4o\", \"api_key\": \"{}\"}}",
        "client = Client(api_key='{}')",
        "I get a 401 with {} — what am I doing wrong?",
        "2026-03-01T10:00:00Z ERROR auth failed for token {} (attempt 3)",
        "config:\n  credentials:\n    token: {}\n    region: us\n",
        "curl -H 'X-Api-Key: {}' https://api.internal/v1/items",
        "Bitte prüfe dieses Skript. Der Schlüssel lautet {} und läuft bald ab.",
        "| service | key |\n| --- | --- |\n| prod | {} |",
    ],
    "held_out": [
        "pls debug this, my credentials are {} thanks",
        "const KEY = \"{}\"; // prod",
        "The deployment log says:\n> using {}\n> connection refused",
        "Dear support,\nour access code ({}) stopped working yesterday.",
        "<add key=\"Service\" value=\"{}\" />",
        "voici la clé : {} merci de la vérifier",
        "env:\n- name: SERVICE_KEY\n  value: \"{}\"\n",
        "requests.get(url, params={{'key': '{}'}})",
        "用这个 {} 登录",
        "tool result: [\"ok\", \"{}\", 200]",
        "password/keys dump\n{}\n",
        "Authorization: Bearer {}",
    ],
}

# name and value in their surroundings; {} is the secret
ASSIGNED = {
    "tuning": [
        ("password = \"{}\"", "password"), ("DB_PASSWORD={}\n", "password"), ("\"password\": \"{}\",", "password"),
        ("  password: {}\n  user: app", "password"), ("PGPASSWORD='{}' psql", "password"),
        ("const dbPassword = '{}';", "password"), ("My password is {}", "password"), ("Passwort: {}", "password"),
        ("mot de passe : {}", "password"), ("La contraseña es {}", "password"), ("пароль: {}", "password"),
        ("密码：{}", "password"), ("<password>{}</password>", "password"), ("setPassword(\"{}\")", "password"),
        ("mysql --user root --password {} shop", "password"), ("Server=db;User Id=sa;Password={};Encrypt=true", "password"),
        ("API_KEY={}", "key"), ("\"apiKey\": \"{}\"", "key"), ("client_secret: {}", "key"),
        ("aws_secret_access_key = {}", "aws"), ("SECRET_KEY_BASE={}", "hex"), ("TWILIO_AUTH_TOKEN={}", "hex32"),
        ("access_token={}&expires=3600", "key"), ("token: str = \"{}\"", "key"), ("JWT_SECRET={}", "key"),
        ("The API key is {}", "key"), ("AccountKey={}==;EndpointSuffix=core.windows.net", "azure"),
        ("HEROKU_API_KEY={}", "uuid"), ("Authorization: Bearer {}", "key"), ("DATADOG_APP_KEY: {}", "hex40"),
        ("postgres://app:{}@db.internal:5432/shop", "urlpw"), ("mongodb+srv://svc:{}@cluster0.mongodb.net", "urlpw"),
    ],
    "held_out": [
        ("user: admin\npass: {}\n", "password"), ("$password = '{}';", "password"), ("MYSQL_ROOT_PASSWORD: \"{}\"", "password"),
        ("the wifi password is {} btw", "password"), ("login with admin and password: {}", "password"),
        ("smtp_pass: '{}'", "password"), ("{{'username': 'bob', 'passwd': '{}'}}", "password"),
        ("Mein Kennwort ist {} und geht nicht", "password"), ("senha: {}", "password"), ("Hasło: {}", "password"),
        ("パスワード：{}", "password"), ("wachtwoord = {}", "password"), ("ansible_become_pass={}", "password"),
        ("spring.datasource.password={}", "password"), ("**Password:** `{}`", "password"),
        ("ENCRYPTION_KEY={}", "hex"), ("x-api-key: {}", "key"), ("secretKey: \"{}\"", "key"),
        ("client.secret={}", "key"), ("STRIPE_WEBHOOK_SECRET={}", "key"), ("auth_token = '{}'", "hex40"),
        ("\"refresh_token\":\"{}\"", "key"), ("DJANGO_SECRET_KEY = '{}'", "django"), ("?api_key={}&q=berlin", "hex32"),
        ("SNYK_TOKEN={}", "uuid"), ("SharedAccessKey={}=", "sas"), ("export AWS_SECRET_ACCESS_KEY=\"{}\"", "aws"),
        ("private_key_password: {}", "password"), ("redis://default:{}@cache:6379/0", "urlpw"),
        ("amqps://svc:{}@mq.prod.example.net/vhost", "urlpw"), ("jdbc:mysql://db/app?user=app&password={}", "urlpw"),
        ("sqlserver connection: Pwd={};Timeout=5", "password"), ("git clone https://ci:{}@git.corp.io/a.git", "urlpw"),
    ],
}
VALUES = {
    "password": lambda s: s.password(),
    "urlpw": lambda s: s.of(ALNUM, 8, 20) + "3x",
    "key": lambda s: s.of(ALNUM, 24, 48),
    "hex": lambda s: s.of(HEX, 64),
    "hex32": lambda s: s.of(HEX, 32),
    "hex40": lambda s: s.of(HEX, 40),
    "aws": lambda s: s.of(B64, 40),
    "azure": lambda s: s.of(B64, 86),
    "sas": lambda s: s.of(B64, 43),
    "uuid": lambda s: s.uuid(),
    "django": lambda s: s.of(LOWER + DIGIT + "!@#%^&*(-_=+)", 50),
}

NEGATIVES = {
    "tuning": [
        "export OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxx", "api_key = \"YOUR_API_KEY\"", "Authorization: Bearer <token>",
        "password: ${{DB_PASSWORD}}", "key = os.environ[\"OPENAI_API_KEY\"]", "token = process.env.GITHUB_TOKEN",
        "id: {uuid}", "commit {sha1}", "sha256:{sha256}", "\"integrity\": \"sha512-{b64_88}\"",
        "![x](data:image/png;base64,{image})", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64_43} me@host",
        "-----BEGIN PUBLIC KEY-----\n{b64_120}\n-----END PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----\n{b64_120}\n-----END CERTIFICATE-----",
        "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "password = getpass.getpass()", "The password must have at least 12 characters and 2 digits.",
        "def login(password: str, token: str) -> bool:", "max_tokens: 4096", "\"password\": \"Password is required\"",
        "primary_key: customer_id_2024", "tokenizer = AutoTokenizer.from_pretrained('bert-base-uncased')",
        "trace_id={hex32} span_id={hex16}", "etag: \"{hex32}\"", "postgres://user:password@localhost/db",
        "postgres://$USER:$PASS@host/db", "secretName: my-app-tls-2024", "curl -u \"$USER:$TOKEN\" https://example.com",
        "Basic understanding of tokens helps here.", "pytest tests/test_auth.py::test_password_reset2",
        "docker pull registry/app@sha256:{sha256}", "sk-learn-contrib-package-name is a typo", "session expires in 3600 s",
        "api_key: null", "password: ********", "key: value", "{{\"token_type\": \"bearer\", \"expires_in\": 3600}}",
        "GET /static/app.{hex20}.js 200", "password_hash_algorithm: argon2id",
    ],
    "held_out": [
        "OPENAI_API_KEY=sk-...", "token: {{{{ secrets.DEPLOY_TOKEN }}}}", "-e API_TOKEN=$API_TOKEN", "Set ANTHROPIC_API_KEY to your key.",
        "client = OpenAI(api_key=settings.openai_key)", "password: !vault |", "\"key\": \"%API_KEY%\"", "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "uuid: {uuid}, parent: {uuid}", "git checkout {sha1} && make", "Merge {sha1} into {sha1}", "md5sum: {hex32}  file.tar.gz",
        "go.sum: github.com/x/y v1.2.3 h1:{b64_44}=", "yarn resolved \"...#{sha1}\"", "img src=\"data:image/jpeg;base64,{image}\"",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ{b64_300}== dev@laptop", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{b64_120}\n-----END PGP PUBLIC KEY BLOCK-----",
        "key id AKIAXXXXXXXXXXXXXXXX", "How do I reset my password? It says my token is invalid.", "What is a JWT secret and how long should it be?",
        "password = input('Password: ')", "let token = lexer.next_token();", "const password = user.password;",
        "if (token === undefined) throw new Error('no token');", "struct Token {{ kind: TokenKind, span: Span }}", "api_key_id: 4411",
        "cache_key: users:42:profile:v3", "partition_key = \"customer#2024-01-01\"", "Total tokens: 18234, prompt tokens: 9231",
        "mongodb://<user>:<password>@cluster0", "https://example.com/path?page_token=2", "idempotency_key: {uuid}",
        "request id req_{hex24}", "X-Request-Id: {uuid}", "The secret to a good soup is 3 onions.", "Our key is on the 2nd floor: room B204",
        "order 4d2f-88812 shipped, tracking 1Z999AA10123456784", "version 1.2.3-beta.4+build.{hex7}", "0x{hex40} is the contract address",
        "CSS: #a1b2c3; rgb(12, 13, 14)", "sk_sp_region = 'sk-SK'", "pk_test and sk_test are prefixes of Stripe keys.",
        "Geheimnis des Erfolgs: 10.000 Stunden Übung", "la contraseña debe tener 8 caracteres", "password: <REDACTED>",
        "<input type=\"password\" name=\"password\" placeholder=\"Password\">", "The bearer of this letter, Mr Smith, is 42.",
        "s3://bucket/key/2024/part-0001.parquet", "eyJ is how a JWT begins", "digest: sha256-{b64_43}=", "Mot de passe oublié ?",
    ],
}


def negative(template, s):
    import re
    def fill(match):
        kind = match.group(1)
        if kind == "uuid":
            return s.uuid()
        if kind == "sha1":
            return s.of(HEX, 40)
        if kind == "sha256":
            return s.of(HEX, 64)
        if kind == "image":
            return "iVBORw0KGgo" + s.b64(400)
        if kind.startswith("hex"):
            return s.of(HEX, int(kind[3:]))
        return s.of(B64, int(kind[4:]))
    text = template.replace("{{", "\0").replace("}}", "\1")
    text = re.sub(r"\{(uuid|sha1|sha256|image|hex\d+|b64_\d+)\}", fill, text)
    return text.replace("\0", "{").replace("\1", "}")


def write(name, seed):
    s = Source(seed)
    rows = []
    for kind in BARE:
        for _ in range(4):
            secret = TOKENS[kind](s)
            frame = s.random.choice(FRAMES[name])
            rows.append({"kind": kind, "text": frame.format(secret), "secret": secret})
    for frame, kind in ASSIGNED[name]:
        for _ in range(6):
            secret = VALUES[kind](s)
            rows.append({"kind": "assigned", "text": frame.format(secret), "secret": secret})
    for template in NEGATIVES[name]:
        for _ in range(6 if "{" in template else 1):
            rows.append({"kind": "none", "text": negative(template, s)})
    path = pathlib.Path(__file__).with_name(f"{name}.jsonl")
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


write("tuning", "tollgate tuning")
write("held_out", "tollgate held out")
