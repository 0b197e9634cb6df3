//! The text of an answer and the content chunks it comes in.
//!
//! A content chunk stands for one token. The cut is a fake, fine enough to split words and placeholders as real
//! tokenisers do: a chunk is a word with the white space before it, and at most eight characters.

use crate::behaviour::Behaviour;

/// The echo repeats at most this many characters of the prompt.
const ECHO_CHARACTERS: usize = 256;
/// The longest chunk, in characters.
const CHUNK_CHARACTERS: usize = 8;

/// The text that answers a prompt.
pub(crate) fn reply(prompt: &str, behaviour: &Behaviour) -> String {
    behaviour.text.clone().unwrap_or_else(|| {
        let mut text = "You said: ".to_owned();
        text.extend(prompt.chars().take(ECHO_CHARACTERS));
        text
    })
}

/// The content chunks of a text that nobody prescribed: repeated when the behaviour asks for a number of chunks.
pub(crate) fn loose_chunks<'a>(text: &'a str, behaviour: &Behaviour) -> Vec<&'a str> {
    match behaviour.chunks {
        Some(count) if behaviour.text.is_none() => tokens(text).into_iter().cycle().take(count).collect(),
        _ => exact_chunks(text, behaviour),
    }
}

/// The content chunks of a text that must arrive as it is.
pub(crate) fn exact_chunks<'a>(text: &'a str, behaviour: &Behaviour) -> Vec<&'a str> {
    match behaviour.chunks {
        Some(count) => even_chunks(text, count),
        None => tokens(text),
    }
}

/// The number of words, which is this mock's count of prompt tokens.
pub(crate) fn words(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut in_word = false;
        let end = rest.char_indices().enumerate().find_map(|(count, (offset, character))| {
            let starts_next = in_word && character.is_whitespace();
            in_word |= !character.is_whitespace();
            (starts_next || count == CHUNK_CHARACTERS).then_some(offset)
        });
        let (token, tail) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, ""));
        tokens.push(token);
        rest = tail;
    }
    tokens
}

/// Exactly `count` chunks of nearly the same number of characters, empty ones at the end when there are too few.
fn even_chunks(text: &str, count: usize) -> Vec<&str> {
    let mut rest = text;
    let mut left = text.chars().count();
    (0..count)
        .map(|index| {
            let size = left.div_ceil(count - index);
            left -= size;
            let end = rest.char_indices().nth(size).map_or(rest.len(), |(offset, _)| offset);
            let (chunk, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
            rest = tail;
            chunk
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{even_chunks, tokens};

    #[test]
    fn tokens_join_to_the_text_and_split_long_words() {
        let text = " Straße  is\nlong: [EMAIL_ADDRESS_1] 日本語のとても長い文 ";
        assert_eq!(tokens(text).concat(), text);
        assert!(tokens(text).iter().all(|token| token.chars().count() <= 8));
        assert_eq!(tokens("You said: hi"), ["You", " said:", " hi"]);
    }

    #[test]
    fn even_chunks_are_as_many_as_asked_and_join_to_the_text() {
        assert_eq!(even_chunks("añb日c", 3), ["añ", "b日", "c"]);
        assert_eq!(even_chunks("ab", 4), ["a", "b", "", ""]);
        assert_eq!(even_chunks("", 2), ["", ""]);
        assert!(even_chunks("ab", 0).is_empty());
    }
}
