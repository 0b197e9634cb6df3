//! The scanner's tables: what each byte can begin, and which rows of the formats a word may belong to.
//!
//! All are computed by the compiler from the formats, so that nothing is built when a filter starts.

use super::rules::{RULES, Rule};

/// What a word at which text may turn secret leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    Bearer,
    Basic,
    Terraform,
    Putty,
    Oracle,
    /// The credentials of a wireless network in a code.
    Wireless,
    Password,
    Key,
    /// A name and what proves it.
    Account,
    /// A word of commands and settings that a password stands behind, and nothing else.
    Directive,
    /// A command one of whose arguments is a secret.
    Command,
    /// A command that hands a secret on through a pipe.
    Echo,
    /// A private key in base 64.
    Encoded,
    /// Codes that stand for a password once, in the next lines.
    Codes,
    /// The words that a wallet is restored from.
    Words,
    /// The command of FTP clients that logs in.
    User,
}

/// Words in any case of their ASCII letters; of two that fit, the first counts.
pub(super) const LEADS: &[(&str, Lead)] = &[
    ("bearer ", Lead::Bearer),
    ("basic ", Lead::Basic),
    ("atlasv1.", Lead::Terraform),
    ("putty-user-key-file-", Lead::Putty),
    ("jdbc:oracle:", Lead::Oracle),
    ("wifi:", Lead::Wireless),
    ("identified by ", Lead::Directive),
    ("requirepass ", Lead::Directive),
    ("masterauth ", Lead::Directive),
    ("storepass ", Lead::Directive),
    ("keypass ", Lead::Directive),
    ("convertto-securestring ", Lead::Directive),
    ("rclone obscure ", Lead::Directive),
    ("snmp-server community ", Lead::Directive),
    ("nickserv identify ", Lead::Directive),
    ("key-string ", Lead::Directive),
    ("pre-shared-key ", Lead::Directive),
    ("net user ", Lead::Command),
    ("net use ", Lead::Command),
    ("htpasswd ", Lead::Command),
    ("rabbitmqctl ", Lead::Command),
    ("wpa_passphrase ", Lead::Command),
    ("mc alias set ", Lead::Command),
    ("mc config host add ", Lead::Command),
    ("sqlplus ", Lead::Command),
    ("echo ", Lead::Echo),
    ("printf ", Lead::Echo),
    ("rocommunity ", Lead::Directive),
    ("rwcommunity ", Lead::Directive),
    ("rootpw ", Lead::Directive),
    ("bindpw ", Lead::Directive),
    ("keypassword ", Lead::Directive),
    ("storepassword ", Lead::Directive),
    ("securestring --value ", Lead::Directive),
    ("schtasks ", Lead::Command),
    ("acl setuser ", Lead::Command),
    ("LS0tLS1CRUdJTi", Lead::Encoded),
    ("recovery code", Lead::Codes),
    ("backup code", Lead::Codes),
    ("seed phrase", Lead::Words),
    ("recovery phrase", Lead::Words),
    ("mnemonic", Lead::Words),
    ("user ", Lead::User),
    ("رمز عبور", Lead::Password),
    ("Ключ", Lead::Key),
    ("Токен", Lead::Key),
    ("مفتاح", Lead::Key),
    ("auth sha ", Lead::Directive),
    ("auth md5 ", Lead::Directive),
    ("priv aes ", Lead::Directive),
    ("priv des ", Lead::Directive),
    ("community string", Lead::Password),
    ("initialpassword", Lead::Password),
    ("userpassword", Lead::Password),
    ("newpassword", Lead::Password),
    ("defaultpassword", Lead::Password),
    ("temppassword", Lead::Password),
    ("adminpassword", Lead::Password),
    ("apikey", Lead::Key),
    ("clientsecret", Lead::Key),
    ("assword", Lead::Password),
    ("PIN ", Lead::Password),
    ("PUK ", Lead::Password),
    ("pat ", Lead::Key),
    ("password", Lead::Password),
    ("passwd", Lead::Password),
    ("passcode", Lead::Password),
    ("passphrase", Lead::Password),
    ("passwort", Lead::Password),
    ("passord", Lead::Password),
    ("pass", Lead::Password),
    ("psk", Lead::Password),
    ("mdp", Lead::Password),
    ("kennwort", Lead::Password),
    ("mot de passe", Lead::Password),
    ("palavra-passe", Lead::Password),
    ("contraseña", Lead::Password),
    ("contrasenya", Lead::Password),
    ("clave", Lead::Password),
    ("senha", Lead::Password),
    ("parol", Lead::Password),
    ("parool", Lead::Password),
    ("hasł", Lead::Password),
    ("hesl", Lead::Password),
    ("geslo", Lead::Password),
    ("erstkennwort", Lead::Password),
    ("erstpasswort", Lead::Password),
    ("initialpasswort", Lead::Password),
    ("initialkennwort", Lead::Password),
    ("startpasswort", Lead::Password),
    ("standardpasswort", Lead::Password),
    ("einmalpasswort", Lead::Password),
    ("benutzerpasswort", Lead::Password),
    ("masterpasswort", Lead::Password),
    ("chpasswd", Lead::Password),
    ("lozink", Lead::Password),
    ("slaptažod", Lead::Password),
    ("zaporka", Lead::Password),
    ("nenosiri", Lead::Password),
    ("kata laluan", Lead::Password),
    ("wagwoord", Lead::Password),
    ("fjalëkalim", Lead::Password),
    ("lykilorð", Lead::Password),
    ("pasahitz", Lead::Password),
    ("contrasinal", Lead::Password),
    ("cyfrinair", Lead::Password),
    ("wachtwoord", Lead::Password),
    ("lösenord", Lead::Password),
    ("salasana", Lead::Password),
    ("jelsz", Lead::Password),
    ("adgangskod", Lead::Password),
    ("kodeord", Lead::Password),
    ("mật khẩu", Lead::Password),
    ("kata sandi", Lead::Password),
    ("pwd", Lead::Password),
    ("pw ", Lead::Password),
    ("парол", Lead::Password),
    ("Парол", Lead::Password),
    ("κωδικ", Lead::Password),
    ("Κωδικ", Lead::Password),
    ("şifre", Lead::Password),
    ("Şifre", Lead::Password),
    ("密码", Lead::Password),
    ("密碼", Lead::Password),
    ("口令", Lead::Password),
    ("パスワード", Lead::Password),
    ("비밀번호", Lead::Password),
    ("पासवर्ड", Lead::Password),
    ("كلمة المرور", Lead::Password),
    ("كلمة السر", Lead::Password),
    ("סיסמה", Lead::Password),
    ("הסיסמה", Lead::Password),
    ("รหัสผ่าน", Lead::Password),
    ("creds", Lead::Account),
    ("credential", Lead::Account),
    ("login", Lead::Account),
    ("logon", Lead::Account),
    ("log in", Lead::Account),
    ("logs in", Lead::Account),
    ("sign in", Lead::Account),
    ("zugangsdaten", Lead::Account),
    ("identifiant", Lead::Account),
    ("credenciales", Lead::Account),
    ("credenziali", Lead::Account),
    ("credenciais", Lead::Account),
    ("inloggegevens", Lead::Account),
    ("логин", Lead::Account),
    ("账号", Lead::Account),
    ("账户", Lead::Account),
    ("アカウント", Lead::Account),
    ("계정", Lead::Account),
    ("key", Lead::Key),
    ("token", Lead::Key),
    ("authtoken", Lead::Key),
    ("jeton", Lead::Key),
    ("2fa seed", Lead::Key),
    ("zugriffstoken", Lead::Key),
    ("zugangstoken", Lead::Key),
    ("accesstoken", Lead::Key),
    ("totp seed", Lead::Key),
    ("otp seed", Lead::Key),
    ("code wifi", Lead::Password),
    ("code wi-fi", Lead::Password),
    ("비번", Lead::Password),
    ("secret", Lead::Key),
    ("schlüssel", Lead::Key),
    ("geheimschlüssel", Lead::Key),
    ("zugangsschlüssel", Lead::Key),
    ("lizenzschlüssel", Lead::Key),
    ("clé", Lead::Key),
    ("chave", Lead::Key),
    ("chiave", Lead::Key),
    ("klucz", Lead::Key),
    ("sleutel", Lead::Key),
    ("nyckel", Lead::Key),
    ("nøgle", Lead::Key),
    ("klíč", Lead::Key),
    ("密钥", Lead::Key),
    ("密鑰", Lead::Key),
    ("キー", Lead::Key),
    ("トークン", Lead::Key),
    ("키", Lead::Key),
    ("토큰", Lead::Key),
    ("ключ", Lead::Key),
    ("токен", Lead::Key),
];

/// For each hash of two small letters, one more than the row of the first lead with it; for each lead, one more than the next's.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which reports an index out of range")]
static LEAD_LINKS: ([u8; CHAINS], [u8; LEADS.len()]) = {
    let mut heads = [0; CHAINS];
    let mut nexts = [0; LEADS.len()];
    let mut row = LEADS.len();
    while row > 0 {
        row -= 1;
        let word = LEADS[row].0.as_bytes();
        let chain = chain_of(word[0].to_ascii_lowercase(), word[1].to_ascii_lowercase());
        nexts[row] = heads[chain];
        heads[chain] = row as u8 + 1;
    }
    (heads, nexts)
};

/// The leads that may begin with these two bytes, in any case.
pub(super) fn leads_from(first: u8, second: u8) -> impl Iterator<Item = (&'static str, Lead)> {
    let row = |link: u8| usize::from(link).checked_sub(1);
    let chain = chain_of(first.to_ascii_lowercase(), second.to_ascii_lowercase());
    let head = LEAD_LINKS.0.get(chain).copied().unwrap_or(0);
    std::iter::successors(row(head), move |&at| LEAD_LINKS.1.get(at).copied().and_then(row))
        .filter_map(|at| LEADS.get(at).copied())
}

/// The first three bytes of prefixes and leads fall into so many classes: most words are in one of none of them.
const STARTS: usize = 1 << 16;

const fn start_of(first: u8, second: u8, third: u8) -> usize {
    let bytes = u32::from_le_bytes([first, second, third, 0]);
    (bytes.wrapping_mul(0x9E37_79B1) >> (u32::BITS - STARTS.trailing_zeros())) as usize
}

/// Which classes have a prefix or a lead, as bits.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which reports an index out of range")]
static FILLED: [u64; STARTS / 64] = {
    let mut filled = [0; STARTS / 64];
    let mut row = 0;
    while row < RULES.len() {
        let prefix = RULES[row].prefix.as_bytes();
        // Behind a prefix of two bytes anything may stand.
        let (mut third, last) = if prefix.len() > 2 { (prefix[2], prefix[2]) } else { (0, u8::MAX) };
        loop {
            let start = start_of(prefix[0], prefix[1], third);
            filled[start / 64] |= 1 << (start % 64);
            if third == last {
                break;
            }
            third += 1;
        }
        row += 1;
    }
    let mut row = 0;
    while row < LEADS.len() {
        let word = LEADS[row].0.as_bytes();
        let mut case = 0;
        while case < 8 {
            let mut start = [word[0], word[1], word[2]];
            let mut place = 0;
            while place < 3 {
                if case >> place & 1 == 1 {
                    start[place] = start[place].to_ascii_uppercase();
                }
                place += 1;
            }
            let start = start_of(start[0], start[1], start[2]);
            filled[start / 64] |= 1 << (start % 64);
            case += 1;
        }
        row += 1;
    }
    filled
};

/// Whether a text may begin with a published prefix or a lead: false for most words.
pub(super) fn may_begin(text: &[u8]) -> bool {
    let Some(&[first, second, third]) = text.first_chunk() else { return false };
    let start = start_of(first, second, third);
    FILLED.get(start / 64).is_some_and(|filled| filled >> (start % 64) & 1 == 1)
}

/// The number of chains: those of `se`, `to` and other beginnings of words stay short.
const CHAINS: usize = 1024;

const fn chain_of(first: u8, second: u8) -> usize {
    (first as usize * 31 + second as usize) % CHAINS
}

/// For each hash of two bytes, one more than the row of the first rule with it; for each rule, one more than the
/// next's.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which reports an index out of range")]
static LINKS: ([u16; CHAINS], [u16; RULES.len()]) = {
    let mut heads = [0; CHAINS];
    let mut nexts = [0; RULES.len()];
    let mut row = RULES.len();
    while row > 0 {
        row -= 1;
        let prefix = RULES[row].prefix.as_bytes();
        let chain = chain_of(prefix[0], prefix[1]);
        nexts[row] = heads[chain];
        heads[chain] = row as u16 + 1;
    }
    (heads, nexts)
};

/// The rules whose prefix may begin with these two bytes.
pub(super) fn rules_from(first: u8, second: u8) -> impl Iterator<Item = &'static Rule> {
    let row = |link: u16| usize::from(link).checked_sub(1);
    let head = LINKS.0.get(chain_of(first, second)).copied().unwrap_or(0);
    std::iter::successors(row(head), move |&at| LINKS.1.get(at).copied().and_then(row))
        .filter_map(|at| RULES.get(at))
}

/// What a byte can begin.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Nothing,
    Word,
    Sign,
    Dash,
    Tilde,
    Escape,
    Percent,
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which reports an index out of range")]
pub(super) static CLASSES: [Class; 256] = {
    let mut classes = [Class::Nothing; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0xc3..=0xed => Class::Word,
            b':' | b'=' | b'>' | b'|' | b'(' | b'{' | b',' | 0xef => Class::Sign,
            b'-' => Class::Dash,
            b'~' => Class::Tilde,
            b'\\' => Class::Escape,
            b'%' => Class::Percent,
            _ => Class::Nothing,
        };
        byte += 1;
    }
    classes
};
