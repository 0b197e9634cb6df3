//! Single cases of each family; recall and false alarms over many are measured in tests/secrets.

use super::*;

fn found(text: &str) -> Vec<(&str, &'static str)> {
    let mut findings = Vec::new();
    find(text, &mut findings);
    findings.iter().map(|finding| (text.get(finding.start..finding.end).unwrap(), finding.kind.0)).collect()
}

#[test]
fn at_least_eighty_services_are_known() {
    let services: std::collections::BTreeSet<&str> = services().collect();
    assert!(services.len() >= 80, "{}", services.len());
}

#[test]
fn only_the_secret_is_taken() {
    assert_eq!(
        found("postgres://app:S3cr%21t@db.example:5432/shop"),
        [("S3cr%21t", "CONNECTION_STRING_PASSWORD")]
    );
    assert_eq!(found("curl -u admin:GJo4LP631meh https://x.example"), [("GJo4LP631meh", "PASSWORD")]);
    assert_eq!(found("password = \"Falcon!2024\"; x = 1"), [("Falcon!2024", "PASSWORD")]);
    assert_eq!(found("(AKIAQ3EGRTXW5PLMBN7K)."), [("AKIAQ3EGRTXW5PLMBN7K", "API_KEY")]);
    // RFC 7617 §2 has this credential as its example.
    assert_eq!(
        found("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        [("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "AUTHORIZATION")]
    );
}

/// Forms of files that hold credentials, with values made up.
#[test]
fn what_files_of_credentials_hold_is_taken() {
    let auth = r#"{"auths":{"r.example":{"auth":"bmluYTpXaW50ZXIhMTk4NA=="}}}"#;
    assert_eq!(found(auth), [("bmluYTpXaW50ZXIhMTk4NA==", "AUTHORIZATION")]);
    assert_eq!(found(r#"{"auth":"required","x":1}"#), []);
    let setting = r#"<add key="ApiSecret" value="k8Vw3nQz7LmT1xRb9CfYp2Hs" />"#;
    assert_eq!(found(setting), [("k8Vw3nQz7LmT1xRb9CfYp2Hs", "API_KEY")]);
    let variable = r#"{"name": "API_SECRET", "value": "k8Vw3nQz7LmT1xRb9CfYp2Hs"}"#;
    assert_eq!(found(variable), [("k8Vw3nQz7LmT1xRb9CfYp2Hs", "API_KEY")]);
    assert_eq!(found(r#"<add key="Colour" value="k8Vw3nQz7LmT1xRb9CfYp2Hs" />"#), []);
    assert_eq!(
        found("machine ftp.example.org login nina password tR4ckS-uNd3r"),
        [("tR4ckS-uNd3r", "PASSWORD")]
    );
    let licence = "8f3c2ad190be47651c0fd2e83b7a964e50d1NRAL";
    assert_eq!(found(&format!("licence {licence}.")), [(licence, "API_KEY")]);
    let secret = "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";
    assert_eq!(found(&format!("export X={secret}")), [(secret, "API_KEY")]);
    let hook = "IncomingWebhook/3f6a1c2b9d804e57a6c1f0e29b84d735/0b7c41d2-5e8f-4a36-9c10-d2e4f6a8b013";
    let url = format!("https://x.webhook.office.com/webhookb2/a@b/{hook}");
    assert_eq!(found(&url), [(url.as_str(), "API_KEY")]);
}

#[test]
fn a_key_is_named_in_other_languages_too() {
    let key = "c7Rk2vQm9TzL4xWn8HyB3dFs";
    for text in [
        "Der API-Schlüssel lautet KEY und gilt ab heute.",
        "API-Schlüssel: KEY",
        "La clé d'API est KEY.",
        "Clé API : KEY",
        "La clave de API es KEY, no la pierdas.",
        "A chave da API é KEY",
        "chiave API: KEY",
        "Twój klucz API: KEY",
        "de API-sleutel is KEY",
        "APIキー：KEY",
        "APIキーはKEYです",
        "API 키는 KEY 입니다",
    ] {
        assert_eq!(found(&text.replace("KEY", key)), [(key, "API_KEY")], "{text}");
    }
}

#[test]
fn passwords_stand_behind_their_word_in_prose_commands_and_sql() {
    let password = "Kiesel!84grau";
    for text in [
        "Das WLAN-Kennwort ist PW",
        "Passwort PW bitte nach dem ersten Mal ändern",
        "the root pwd on db03 is still PW, sorry",
        "log in as nina with pw PW",
        "パスワードは PW です",
        "비밀번호는 PW입니다",
        "密码是 PW",
        "ALTER USER shop WITH PASSWORD 'PW';",
        "CREATE USER shop IDENTIFIED BY 'PW';",
        "requirepass PW",
        "mysql -u root -pPW shop",
        "sshpass -p 'PW' ssh deploy@host",
        "docker login -u nina -p PW registry.example",
        "redis-cli -h cache -a PW ping",
        "env:\n  - name: DB_PASSWORD\n    value: PW\n",
        "login:\n  password:\n    value: PW\n",
    ] {
        assert_eq!(found(&text.replace("PW", password)), [(password, "PASSWORD")], "{text}");
    }
}

/// Sentences of many kinds, each with the same password.
#[test]
fn a_password_is_told_in_many_ways() {
    for text in [
        "log in as nina with password PW on db03",
        "Benutzer nina und Kennwort PW",
        "le mdp PW ne marche plus",
        "зайди под nina с паролем PW",
        "Lösenordet till databasen är PW",
        "Parola pentru server este PW",
        "Sunucunun şifresi PW, kimseyle paylaşma.",
        "सर्वर का पासवर्ड PW है",
        "รหัสผ่านเซิร์ฟเวอร์คือ PW",
        "הסיסמה לשרת היא PW",
        "creds are nina:PW",
        "log in with nina / PW please",
        "I set \"PW\" as the password last week",
        "j'ai mis « PW » comme mot de passe",
        "anyone remember the wifi password?\nTimo  9:41\nPW\n",
        "New password for the portal:\n\nPW\n",
        "the password for the alarm is, all one word, PW, with a capital",
        "WLAN-Schlüssel vom Büro: PW",
        "enable password PW",
        "username nina privilege 15 secret 0 PW",
        "rootpw --plaintext PW",
    ] {
        let text = text.replace("PW", "Kiesel84grau");
        assert_eq!(found(&text), [("Kiesel84grau", "PASSWORD")], "{text}");
    }
    let literal = "The password of the old switch is literally the word quitten, no digits.";
    assert_eq!(found(literal), [("quitten", "PASSWORD")]);
    assert_eq!(found("the door: PIN is 4827 since Monday"), [("4827", "PASSWORD")]);
    assert_eq!(found("password: wvxq hdtr kmbz nfgj"), [("wvxq hdtr kmbz nfgj", "PASSWORD")]);
    assert_eq!(found("BACKUP_PASSWORD=saddle-quince-ember"), [("saddle-quince-ember", "PASSWORD")]);
    let words = "quiet apple river stone music dance paper green light ocean table chair";
    assert_eq!(found(&format!("my seed phrase is: {words}.")), [(words, "PASSWORD")]);
    let codes = "Recovery codes for nina:\nab3kd-92mxp\nq7rtz-1wvc4\n\nKeep them.";
    assert_eq!(found(codes), [("ab3kd-92mxp", "PASSWORD"), ("q7rtz-1wvc4", "PASSWORD")]);
}

/// Whatever is found ends with a character, and what is found twice is told once.
#[test]
fn findings_end_with_characters() {
    let accents = "é".repeat(400);
    for text in [
        format!("name=\"password\"\r\n\r\na{accents}"),
        format!("curl -u nina:{accents}"),
        format!("db.example:5432:shop:nina:{accents}"),
        "creds Kennwort nina/Kiesel84grau".to_owned(),
        "<tr><th>pwd<td>Sommer2024\n".repeat(40),
    ] {
        let mut findings = Vec::new();
        find(&text, &mut findings);
        let mut at = 0;
        for finding in findings {
            assert!(at <= finding.start && text.get(finding.start..finding.end).is_some(), "{text}");
            at = finding.end;
        }
    }
}

/// A secret that is longer than what is looked at to judge it is taken up to its end.
#[test]
fn nothing_is_cut_within_a_value() {
    // 32 characters that differ, repeated.
    let long = "c7Rk2vQm9TzL4xWn8HyB3dFsJ5pG6qKe".repeat(30);
    for text in [
        "Cookie: theme=dark; sessionid=LONG; lang=de",
        "Authorization: ApiKey LONG\nAccept: x",
        "curl -u nina:LONG https://x.example",
        "machine x.example login nina password LONG\nmachine",
        "name=\"password\"\r\n\r\nLONG\r\n--",
        "db.example:5432:shop:nina:LONG\n",
        "api_key=LONG, and so on",
        "The API key is LONG.",
        "token sk-proj-LONG.",
        "(glpat-LONG)",
        "<table><tr><th>Host<th>API key<tr><td>db03<td>LONG</td></tr>\n</table>",
    ] {
        let secret = long.as_str();
        let text = text.replace("LONG", secret);
        let all = found(&text);
        assert!(matches!(all.as_slice(), [(taken, _)] if taken.ends_with(secret)), "{text}: {all:?}");
    }
    for (padding, text) in [
        ("so ", "the passcode, we have heard, is SO 48271935 since Monday"),
        ("so ", "recovery codes of nina:\nSOab3kd-92mxp\n"),
        ("---\n", "recovery codes of nina:\nSOab3kd-92mxp\n"),
    ] {
        for count in 0..400 {
            let text = text.replace("SO", &padding.repeat(count));
            for (taken, _) in found(&text) {
                assert!(["48271935", "ab3kd-92mxp"].contains(&taken), "{text}");
            }
        }
    }
}

/// The rows of a COPY are looked at as they are, however long.
#[test]
fn all_rows_of_a_copy_are_looked_at() {
    let password = |row: usize| format!("Kiesel!{row}grau7q");
    for width in [40, 300, 1000, 9000] {
        let mut text = "COPY public.users (id, login, password, note) FROM stdin;\n".to_owned();
        let rows: Vec<String> = (0..60)
            .map(|row| format!("{row}\tn{row}\t{}\t{}\n", password(row), "note ".repeat(width / 5)))
            .collect();
        text += &rows.concat();
        text += "\\.\n";
        let expected: Vec<String> = (0..60).map(password).collect();
        let found: Vec<&str> = found(&text).into_iter().map(|(taken, _)| taken).collect();
        assert_eq!(found, expected, "{width}");
    }
}

/// As many as fit into the rows of one table.
#[test]
fn no_cell_of_a_table_is_dropped() {
    for columns in [5, 20] {
        let head = format!("host{}\n", ",password".repeat(columns));
        let row = |row: usize| {
            let cells: Vec<String> = (0..columns).map(|cell| format!("Kiesel!{row}x{cell}grau")).collect();
            format!("db{row},{}\n", cells.join(","))
        };
        let table: String = (0..250).map(row).collect();
        let text = head + &table + "\nthe end\n";
        assert_eq!(found(&text).len(), 250 * columns, "{columns}");
    }
}

/// What tests say of themselves has no quotes.
#[test]
fn a_pass_in_quotes_is_a_password() {
    for (text, password) in [
        ("{\"user\": \"nina\", \"pass\": \"83920174\"}", "83920174"),
        ("pass: 2024abc", "2024abc"),
        ("pass: '120344ms'", "120344ms"),
        ("\"pass\": \"testKiesel84\"", "testKiesel84"),
        ("pass: Win&ter2024!", "Win&ter2024!"),
        ("Server=db03;User=nina;Pass=83920174;", "83920174"),
        ("pass: testKiesel84", ""),
        ("pass: 83920174", ""),
        ("pass: 120344ms", ""),
        ("| run | first pass |\n|---|---|\n| a | 1043ms |\n", ""),
    ] {
        let expected: Vec<(&str, &str)> =
            if password.is_empty() { Vec::new() } else { vec![(password, "PASSWORD")] };
        assert_eq!(found(text), expected, "{text}");
    }
}

/// What stands between the word and its value is read, too.
#[test]
fn nothing_is_passed_over_on_the_way_to_a_password() {
    let text = "creds of AKIAQ3EGRTXW5PLMBN7K and the password is Kiesel!84grau";
    assert_eq!(found(text), [("AKIAQ3EGRTXW5PLMBN7K", "API_KEY"), ("Kiesel!84grau", "PASSWORD")]);
}

#[test]
fn arguments_have_their_meaning_from_the_call() {
    for code in [
        "DriverManager.getConnection(url, \"nina\", \"PW\")",
        "requests.get(url, auth=('nina', 'PW'), timeout=5)",
        "new NetworkCredential(\"nina\", \"PW\", \"CORP\")",
        "$pdo = new PDO('mysql:host=db', 'nina', 'PW');",
        "smtp.login(\"nina\", \"PW\")",
        "define('DB_PASSWORD', 'PW');",
        "page.fill('#password', 'PW');",
        "find(By.ID, \"password\").send_keys(\"PW\")",
        "user, password = \"nina\", \"PW\"",
        "const std::string password{\"PW\"};",
        "let password = String::from(\"PW\");",
        "Dim strPassword As String = \"PW\"",
        "#define WIFI_PASSWORD \"PW\"",
        "(setenv \"DB_PASSWORD\" \"PW\")",
        "<key>Password</key>\n<string>PW</string>",
        "INSERT INTO users (login, password, mail) VALUES ('nina', 'PW', 'x');",
        "ConvertTo-SecureString 'PW' -AsPlainText -Force",
        "Content-Disposition: form-data; name=\"password\"\r\n\r\nPW\r\n",
        "expect \"password:\"\nsend \"PW\\r\"",
    ] {
        let code = code.replace("PW", "Kiesel!84grau");
        assert_eq!(found(&code), [("Kiesel!84grau", "PASSWORD")], "{code}");
    }
    for (code, key) in [
        (r#"hmac.new(b"c7Rk2vQm9TzL4xWn8HyB3dFs", body, sha256)"#, "c7Rk2vQm9TzL4xWn8HyB3dFs"),
        (
            "variable \"crm_api_key\" {\n  default = \"c7Rk2vQm9TzL4xWn8HyB3dFs\"\n}",
            "c7Rk2vQm9TzL4xWn8HyB3dFs",
        ),
        ("ENV CRM_API_KEY c7Rk2vQm9TzL4xWn8HyB3dFs", "c7Rk2vQm9TzL4xWn8HyB3dFs"),
    ] {
        assert_eq!(found(code), [(key, "API_KEY")], "{code}");
    }
    let url = "sql.Open(\"mysql\", \"nina:Kiesel84grau@tcp(10.0.0.7:3306)/shop\")";
    assert_eq!(found(url), [("Kiesel84grau", "CONNECTION_STRING_PASSWORD")]);
    for text in [
        "connect(\"db03.example.internal\", \"shop2\", \"utf8mb4\")",
        "rsa.sign(message, key, \"SHA-256\")",
        "__all__ = [\"Password\", \"reset_token_v2\"]",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn commands_take_passwords_in_their_own_ways() {
    for text in [
        "echo 'nina:PW' | sudo chpasswd",
        "echo PW | docker login -u nina --password-stdin",
        "net user nina PW /add",
        "net use Z: \\\\files\\share /user:CORP\\nina PW",
        "psexec \\\\host -u CORP\\nina -p PW cmd",
        "keytool -importkeystore -deststorepass PW",
        "htpasswd -b /etc/htpasswd nina PW",
        "sqlplus nina/PW@db03:1521/shop",
        "xfreerdp /v:host /u:nina /p:PW",
        "db03.example:5432:shop:nina:PW",
        "WIFI:T:WPA;S:home;P:PW;;",
    ] {
        let text = text.replace("PW", "Kiesel84Grau");
        assert_eq!(found(&text), [("Kiesel84Grau", "PASSWORD")], "{text}");
    }
    assert_eq!(found("user nina Kiesel!84grau\nget x"), [("Kiesel!84grau", "PASSWORD")]);
    assert_eq!(found("echo build2024 | tee log"), []);
    assert_eq!(found("docker run --user nina -p 8080:80 image2024"), []);
}

#[test]
fn the_head_of_a_column_names_what_stands_under_it() {
    let table = "| host | user | password |\n|---|---|---|\n| a | nina | Kiesel!84grau |\n| b | timo | Lehm?27braun |\n";
    assert_eq!(found(table), [("Kiesel!84grau", "PASSWORD"), ("Lehm?27braun", "PASSWORD")]);
    let values = "service;api_key;note\ncrm;\"c7Rk2vQm9TzL4xWn8HyB3dFs\";new\nerp;;none\n\nthe end";
    assert_eq!(found(values), [("c7Rk2vQm9TzL4xWn8HyB3dFs", "API_KEY")]);
    let output = " id | passwd\n----+---------------\n  1 | Kiesel!84grau\n(1 row)\n";
    assert_eq!(found(output), [("Kiesel!84grau", "PASSWORD")]);
    // Prose has commas, too, and arguments of a call.
    assert_eq!(found("The user, the password, the token:\nwe sent them, by mail2024, on Monday.\n"), []);
    assert_eq!(found("add_argument(\n    '--domain-password',\n    required=True,\n    nargs=1)"), []);
    assert_eq!(found("user,password\nmissing,empty\n"), []);
}

#[test]
fn tables_have_many_forms() {
    for (table, passwords) in [
        ("HOST     USER   PASSWORD\ndb03     nina   Kiesel84grau\ndb04     timo   Lehm27braun\n", 2),
        (
            "<table><tr><th>User</th><th>Password</th></tr><tr><td>nina</td><td>Kiesel84grau</td></tr></table>",
            1,
        ),
        ("||Host||Password||\n|db03|Kiesel84grau|\n", 1),
        ("Accounts (user : password)\nnina : Kiesel84grau\ntimo : Lehm27braun\n", 2),
        ("name,initialPassword\nnina,Kiesel84grau\n", 1),
    ] {
        assert_eq!(found(table).len(), passwords, "{table}");
    }
}

#[test]
fn a_session_is_a_credential() {
    let cookie = "Cookie: theme=dark; sessionid=k3v9x2m7q1z8w4b6n5t0h3j2";
    assert_eq!(found(cookie), [("k3v9x2m7q1z8w4b6n5t0h3j2", "AUTHORIZATION")]);
    assert_eq!(found("the log says sessionid=k3v9x2m7q1z8w4b6n5t0h3j2"), []);
    let header = "new AuthenticationHeaderValue(\"Basic\", \"bmluYTpXaW50ZXIhMTk4NA==\")";
    assert_eq!(found(header), [("bmluYTpXaW50ZXIhMTk4NA==", "AUTHORIZATION")]);
}

#[test]
fn a_credential_stands_behind_any_scheme() {
    for (header, credential) in [
        (
            "Authorization: token 4f9d21c07be8a36510d2f7c9e8b4a1635d0e7f92",
            "4f9d21c07be8a36510d2f7c9e8b4a1635d0e7f92",
        ),
        ("'Authorization': 'ApiKey q8Zr+3LmV/2xTc9Yb7Wk5A=='", "q8Zr+3LmV/2xTc9Yb7Wk5A=="),
        ("authorization: c7Rk2vQm9TzL4xWn8HyB3dFs", "c7Rk2vQm9TzL4xWn8HyB3dFs"),
    ] {
        assert_eq!(found(header), [(credential, "AUTHORIZATION")], "{header}");
    }
    assert_eq!(found("Authorization: none of your business, he said"), []);
    assert_eq!(found("the authorization: required since version 2.4.1"), []);
}

#[test]
fn keys_of_other_tools_are_known() {
    let url = "jdbc:oracle:thin:shop/Kiesel84grau@//db.example:1521/x";
    assert_eq!(found(url), [("Kiesel84grau", "CONNECTION_STRING_PASSWORD")]);
    let body = "AAAAB3NzaC1kc3MAAACBAJ8fQ2vXk1Zr\nq8Zr3LmV2xTc9Yb7Wk5A";
    let key = format!(
        "PuTTY-User-Key-File-3: ssh-dss\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 2\n{body}\nPrivate-MAC: 0aF9"
    );
    assert_eq!(found(&format!("this:\n{key}\nand so on")), [(key.as_str(), "PRIVATE_KEY")]);
}

/// Of code and documents, with other names.
#[test]
fn what_only_looks_like_one_stays() {
    for text in [
        "if data.match(/-----BEGIN OPENSSH PRIVATE KEY-----/)\n  return load_the_key_of_that_kind(data, filename, passphrase)\nend",
        "create link --key-name=default-key --start-time=2021-02-01T12:12:12Z",
        "pub UpdateCredentials: SpUpdateCredentialsFn,",
        "compgen -W \"message= passphrase= password=\"",
        "F9 キーを押します。例えば、数式 =SUM(A1:B12)*SUM(C1:D12)",
        "the password SHA256 field, the password manager2 app",
        "docker run --name mysql -p3306:3306 image",
        "mkdir -p build2024/out && login -h",
        "The token type, the key size and the secret of success",
        "password: {{ .Values.db.password | b64enc | quote }}",
        "ED25519 key fingerprint is SHA256:q8Zr3LmV2xTc9Yb7Wk5Aq8Zr3LmV2xTc9Yb7Wk5Aq8Z.",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/db-q8Zr3L",
        "$password = $env:DEPLOY_PASSWORD",
        "'password' => 'required|string|min:12|confirmed'",
        "<label>Mot de passe</label><input placeholder=\"Votre mot de passe\">",
        "publicKeyToken=\"b77a5c561934e089\"",
        "gpg> key C9597E8F28359AE3",
        "An account failed to log on. Logon ID: 0x74F278",
        "I have sent a password reset e-mail to nina.k@shop-online.example.",
        "pass 0 as the level to make_auto_1, passed directly to hardlink.1",
        "you can pass `with_value.ANY_KIND2` to it",
        "PIN: 560001, MG Road, Bengaluru, India",
        "Sec-WebSocket-Key: q8Zr3LmV2xTc9Yb7Wk5Aqg==",
        "def check(user, password):\n    limit2 = user.quota3\n",
        "--- PASS: TestShop2 (0.00s)\npass=120345 fail=2\nFirst pass: 1043ms",
        "User Story US-1042\nUser Guide 2024Q3",
        "my password is stolen, and my password is somewhere in the vault",
        "The password is the word that was chosen for it",
        "signal.connect(\"clicked\", \"on_Button1\"); keymap.bind(\"palette\", \"Ctrl+Shift+P\")",
        "the fault is identified by CVE-2024-3094",
        "Temps de parole : 12min30",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

/// The example of RFC 7519 §3.1, without its line breaks.
#[test]
fn a_web_token_is_taken_with_its_signature() {
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(found(&format!("token={token}&x=1")), [(token, "JWT")]);
}

#[test]
fn a_checksum_makes_sure() {
    let score = |text: &str| {
        let mut findings = Vec::new();
        find(text, &mut findings);
        findings.first().map(|finding| finding.score)
    };
    // 30 characters, and the six that Python's `zlib.crc32` and base 62 make of them; then with another last one.
    assert_eq!(score("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"), Some(100));
    assert_eq!(score("ghp_Zx81kQmP0aVbT72LwRyN5cDfGhJ3sE3GGWSa"), Some(95));
}

#[test]
fn escapes_before_a_token_are_no_part_of_it() {
    let key = "ghp_Zx81kQmP0aVbT72LwRyN5cDfGhJ3sE4uI6oB";
    assert_eq!(found(&format!("{{\"log\": \"a\\n{key}\\n\"}}")), [(key, "API_KEY")]);
    assert_eq!(found(&format!("?q=%20{key}%20")), [(key, "API_KEY")]);
}

#[test]
fn names_that_promise_nothing_are_passed_over() {
    for text in [
        "max_tokens: 4096",
        "tokenizer = \"o200k_base_2024\"",
        "primary_key = \"a8f5f167f44f4964e6c998dee827110c\"",
        "password = os.environ[\"DB_PASSWORD_2\"]",
        "password: ${{ secrets.DB_PASSWORD_2 }}",
        "The password is case-sensitive and has 12 signs.",
        "example_api_key = \"q8Zr4TnW2xLm7PvK1sYd\"",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

proptest::proptest! {
    /// Offsets are those of characters, in order, whatever the text.
    #[test]
    fn findings_are_in_order_and_inside(text in "(sk-|eyJ|password[:=] ?|://|Bearer |-----BEGIN |[a-zA-Z0-9]{1,40}|[ -~]|\\PC|密码|：|@|\n){0,40}") {
        let mut findings = Vec::new();
        find(&text, &mut findings);
        let mut at = 0;
        for finding in findings {
            proptest::prop_assert!(at <= finding.start && finding.start < finding.end);
            proptest::prop_assert!(text.get(finding.start..finding.end).is_some());
            at = finding.end;
        }
    }
}
