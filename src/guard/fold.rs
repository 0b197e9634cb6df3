//! One form for what is written in many: case, accents, widths, look-alike letters, digits for letters, spelled-out
//! words and characters that do not show.
//!
//! [`words`] cuts text into folded words with what stands around each; plain ASCII words are only lowered. Nothing
//! here knows what a word means.

use std::borrow::Cow;

/// A word of the folded text, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Word<'text> {
    /// Its folded form.
    pub(super) text: Cow<'text, str>,
    /// Whether a sentence, line or clause begins with it.
    pub(super) opens: bool,
    /// Whether a sentence or line begins with it.
    pub(super) starts: bool,
    /// Whether it stands in quotation marks.
    pub(super) quoted: bool,
}

/// What folding met on its way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Disguise {
    /// Words with letters of another script that look alike.
    pub(super) homoglyphs: usize,
    /// Words that were spelled out letter by letter.
    pub(super) spelled: usize,
    /// Characters between letters that do not show.
    pub(super) invisible: usize,
}

/// Whether `letter` belongs to a script that is written without spaces: Han, Kana and Thai.
pub(super) fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{e7f}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Characters without width, marks of direction, and soft hyphens (Unicode, Default_Ignorable_Code_Point).
pub(super) fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The letter without its accent, in lower case and of usual width; nothing for combining marks.
fn plain(letter: char) -> Option<char> {
    let letter = match letter {
        // Full-width forms repeat ASCII; mathematical letters repeat the alphabet in blocks of 26.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{1d400}'..='\u{1d6a3}' => {
            let place = (u32::from(letter) - 0x1d400) % 52 % 26;
            char::from_u32(u32::from('a') + place).unwrap_or(letter)
        }
        '\u{24b6}'..='\u{24e9}' => {
            char::from_u32(u32::from('a') + (u32::from(letter) - 0x24b6) % 26).unwrap_or(letter)
        }
        '\u{1f130}'..='\u{1f149}' => char::from_u32(u32::from(letter) - 0x1f130 + 97).unwrap_or(letter),
        _ => letter,
    };
    let letter = letter.to_lowercase().next().unwrap_or(letter);
    Some(match letter {
        'a'..='z' | '0'..='9' => letter,
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ'..='ặ' => 'a',
        'ç' | 'ć' | 'č' | 'ĉ' | 'ċ' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ'..='ệ' => 'e',
        'ğ' | 'ĝ' | 'ġ' | 'ģ' => 'g',
        'ì'..='ï' | 'ĩ' | 'ī' | 'į' | 'ı' | 'ỉ' | 'ị' => 'i',
        'ł' | 'ľ' | 'ĺ' | 'ļ' => 'l',
        'ñ' | 'ń' | 'ň' | 'ņ' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ơ' | 'ọ'..='ợ' => 'o',
        'ŕ' | 'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' | 'ŝ' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ů' | 'ű' | 'ų' | 'ư' | 'ụ'..='ự' => 'u',
        'ý' | 'ÿ' | 'ỳ'..='ỹ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ё' => 'е',
        'ά' => 'α',
        'έ' => 'ε',
        'ή' => 'η',
        'ί' | 'ϊ' => 'ι',
        'ό' => 'ο',
        'ύ' => 'υ',
        'ώ' => 'ω',
        'ς' => 'σ',
        // Arabic letters with hamza, and the two forms of its last letters.
        'أ' | 'إ' | 'آ' => 'ا',
        'ى' => 'ي',
        // Marks that combine, and Arabic vowel signs.
        '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{652}' => return None,
        // The dot below of Devanagari, that some write and some do not.
        '\u{93c}' => return None,
        _ => letter,
    })
}

/// The Latin letter that a letter of another script looks like (Unicode Technical Standard 39, confusables).
fn latin(letter: char) -> Option<char> {
    Some(match letter {
        'а' | 'α' | 'ɑ' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'є' | 'ε' => 'e',
        'ɡ' => 'g',
        'һ' | 'н' => 'h',
        'і' | 'ι' | 'ɩ' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' => 'm',
        'п' | 'η' => 'n',
        'о' | 'ο' | 'օ' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'г' => 'r',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' | 'ս' => 'u',
        'ν' | 'ѵ' => 'v',
        'ԝ' | 'ω' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        _ => return None,
    })
}

/// The letter that a digit or sign stands for in spellings such as `1gn0re`.
fn letter_for(sign: char) -> Option<char> {
    Some(match sign {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return None,
    })
}

/// An entry of a word list in the form that words of text take.
pub(super) fn word(entry: &str) -> String {
    entry.chars().filter_map(plain).collect()
}

/// The words of `text`, folded.
pub(super) fn words(text: &str) -> (Vec<Word<'_>>, Disguise) {
    let mut folding = Folding {
        text,
        words: Vec::with_capacity(text.len() / 6),
        disguise: Disguise::default(),
        start: None,
        opens: true,
        starts: true,
        quoted: false,
    };
    let bytes = text.as_bytes();
    let mut previous = ' ';
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte.is_ascii_alphanumeric() {
            folding.start.get_or_insert(at);
            let run = bytes.get(at..).unwrap_or_default();
            at += run.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            previous = 'a';
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let mut letters = rest.chars();
        let letter = letters.next().unwrap_or(' ');
        let next = letters.next().unwrap_or(' ');
        if !is_invisible(letter) {
            folding.take(at, previous, letter, next);
            previous = letter;
        } else if folding.start.is_some() {
            folding.disguise.invisible += 1;
        }
        at += letter.len_utf8();
    }
    folding.end_word(text.len());
    folding.join_spelled();
    (folding.words, folding.disguise)
}

/// Vowel signs and the like, which are no letters and still parts of words.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{64b}'..='\u{652}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{e31}'..='\u{e4e}')
}

struct Folding<'text> {
    text: &'text str,
    words: Vec<Word<'text>>,
    disguise: Disguise,
    /// Where the word that is being read begins.
    start: Option<usize>,
    opens: bool,
    starts: bool,
    quoted: bool,
}

impl<'text> Folding<'text> {
    /// Takes one character at `at` that is no ASCII letter or digit.
    fn take(&mut self, at: usize, previous: char, letter: char, next: char) {
        let inside = self.start.is_some() && next.is_alphanumeric();
        let sign =
            matches!(letter, '@' | '$') && (inside || next.is_alphanumeric() && !previous.is_alphanumeric());
        let exclamation = letter == '!' && inside && previous.is_alphanumeric();
        if letter.is_alphanumeric() || sign || exclamation || is_mark(letter) {
            self.start.get_or_insert(at);
            return;
        }
        self.end_word(at);
        // Marks between letters that stand alone cut no sentence: `i.g.n.o.r.e`.
        let spells = matches!(letter, '.' | '-' | '*')
            && next.is_alphanumeric()
            && self.words.last().is_some_and(|word| word.text.len() == 1)
            && previous.is_ascii_alphabetic();
        if spells {
            return;
        }
        match letter {
            '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '«' | '»' | '`' | '「' | '」' | '『' | '』' => {
                self.quoted = !self.quoted;
            }
            '\'' | '\u{2018}' | '\u{2019}' if !previous.is_alphanumeric() || !next.is_alphanumeric() => {
                let closes = previous.is_alphanumeric() || matches!(previous, '.' | '!' | '?' | ',');
                self.quoted = !closes && next.is_alphanumeric();
            }
            '\n' => (self.opens, self.starts, self.quoted) = (true, true, false),
            '.' | '!' | '?' | ';' | ':' | '。' | '！' | '？' | '：' | '；' | '>' | '#' | '।' => {
                (self.opens, self.starts) = (true, true);
            }
            '(' | '[' | '-' | '—' | '*' | ',' | '，' | '、' | '،' => self.opens = true,
            _ => {}
        }
    }

    fn end_word(&mut self, end: usize) {
        let Some(raw) = self.start.take().and_then(|start| self.text.get(start..end)) else { return };
        let is_address = raw.split_once('@').is_some_and(|(name, host)| name.len() >= 3 && host.len() >= 3);
        let text = if raw.bytes().all(|byte| byte.is_ascii_lowercase()) {
            Cow::Borrowed(raw)
        } else if raw.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            Cow::Owned(raw.to_ascii_lowercase())
        } else if is_address {
            Cow::Borrowed("@")
        } else {
            Cow::Owned(self.folded(raw))
        };
        let (opens, starts) = (std::mem::take(&mut self.opens), std::mem::take(&mut self.starts));
        self.words.push(Word { text, opens, starts, quoted: self.quoted });
    }

    fn folded(&mut self, raw: &str) -> String {
        let shown = raw.chars().filter(|letter| !is_invisible(*letter));
        let plain: Vec<char> = shown.filter_map(plain).collect();
        let count = |test: fn(&char) -> bool| plain.iter().filter(|letter| test(letter)).count();
        let ascii = count(char::is_ascii_alphabetic);
        let foreign = plain.iter().filter(|letter| latin(**letter).is_some()).count();
        let signs = plain.iter().filter(|letter| letter_for(**letter).is_some()).count();
        if ascii > 0 && foreign > 0 && ascii + foreign + signs == plain.len() {
            self.disguise.homoglyphs += 1;
            return plain.iter().map(|letter| latin(*letter).unwrap_or(*letter)).collect();
        }
        if signs > 0 && ascii > 0 && ascii + signs == plain.len() && plain.len() >= 3 && signs <= ascii + 1 {
            return plain.iter().map(|letter| letter_for(*letter).unwrap_or(*letter)).collect();
        }
        plain.into_iter().collect()
    }

    /// Joins letters that stand alone into words: five or more in a row, as in `i g n o r e`. Where the words end is
    /// lost, so the row becomes one word; callers look for known words in it.
    fn join_spelled(&mut self) {
        let mut joined = Vec::with_capacity(self.words.len());
        let mut row: Vec<Word<'text>> = Vec::new();
        let flush = |row: &mut Vec<Word<'text>>, joined: &mut Vec<Word<'text>>, spelled: &mut usize| {
            let letters =
                row.iter().filter(|word| word.text.bytes().all(|byte| byte.is_ascii_alphabetic())).count();
            if row.len() >= 5 && letters * 4 >= row.len() * 3 {
                *spelled += 1;
                let text = row.iter().map(|word| word.text.as_ref()).collect();
                joined.push(Word {
                    text,
                    opens: true,
                    starts: true,
                    quoted: row.first().is_some_and(|word| word.quoted),
                });
                row.clear();
            } else {
                joined.append(row);
            }
        };
        for word in std::mem::take(&mut self.words) {
            let single = word.text.len() == 1 && word.text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            // Signs between letters are those of formulas and code.
            if single && (row.is_empty() || !word.opens) {
                row.push(word);
            } else {
                flush(&mut row, &mut joined, &mut self.disguise.spelled);
                joined.push(word);
            }
        }
        flush(&mut row, &mut joined, &mut self.disguise.spelled);
        self.words = joined;
    }
}
