//! Why a line brought no key. Nothing here holds the line's content, but for single characters that must be named.

/// Names each reason with its words in both languages.
macro_rules! reasons {
    ($($(#[$about:meta])* $reason:ident: $name:literal, $english:literal, $chinese:literal;)+) => {
        /// Why a line brought no key.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[$about])* $reason,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$reason),+];

            /// The reason as the API and the database write it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$reason => $name,)+
                }
            }

            /// The reason in English.
            #[must_use]
            pub const fn english(self) -> &'static str {
                match self {
                    $(Self::$reason => $english,)+
                }
            }

            /// The reason in Chinese.
            #[must_use]
            pub const fn chinese(self) -> &'static str {
                match self {
                    $(Self::$reason => $chinese,)+
                }
            }
        }
    };
}

reasons! {
    /// It is longer than [`MAX_LINE`](super::MAX_LINE).
    TooLong: "too_long", "the line is longer than 4,096 bytes", "该行超过 4,096 字节";
    /// Its bytes are invalid in the file's encoding.
    Encoding: "encoding", "the line has bytes that its file's encoding does not have", "该行含有文件编码中不存在的字节";
    /// It has a control character.
    ControlCharacter: "control_character", "the line has a character that no code has", "该行含有控制字符";
    /// It has a character that changes the direction of the text after it.
    BidiControl: "bidi_control", "the line has a character that shows what follows in another order",
        "该行含有改变文字显示方向的字符";
    /// It has no code where the format has it.
    NoCode: "no_code", "there is no code where the format has it", "该行在格式规定的位置没有卡密";
    /// A word or sign stands where the code should.
    Placeholder: "placeholder", "what stands there is no code", "该处不是卡密";
    /// The code is a number that a spreadsheet rounded.
    DamagedNumber: "damaged_number",
        "a spreadsheet rounded this number, and its last digits are lost; in the original, format the column as text, \
         and export it again",
        "电子表格已将该数字四舍五入，末尾数字已丢失；请在原始文件中把该列设为文本格式后重新导出";
    /// The code is a spreadsheet's formula.
    Formula: "formula", "this is a spreadsheet's formula; export the values, not the formulas",
        "这是电子表格的公式；请导出数值而不是公式";
    /// The cell of the code has more than one.
    SeveralCodes: "several_codes",
        "the cell has a line break or a comma, and may hold several codes; write one code in a cell",
        "该单元格含有换行或逗号，可能有多个卡密；每个单元格只写一个卡密";
    /// A quoted field begins on it and does not end.
    UnclosedQuote: "unclosed_quote", "a quoted field begins here and does not end", "从该行开始的引号字段没有结束";
    /// Text follows the end of a quoted field.
    BrokenQuote: "broken_quote", "text follows a closing quote; write a quote within a quoted field twice",
        "引号字段结束后还有文字；字段内的引号请写成两个";
    /// It has another number of fields than the table has columns.
    FieldCount: "field_count",
        "the row has more or fewer fields than the table has columns; put a field that holds the separator in quotes",
        "该行的字段数与表格的列数不同；含分隔符的字段请加引号";
    /// It names the columns, as a header does.
    HeaderAgain: "header_again", "the row names the columns, and holds no code", "该行是列名，不是卡密";
    /// More or other dashes than the separator stand between an account and its password.
    Dashes: "dashes",
        "between account and password stand more than four dashes; name the separator to say which belong to it",
        "账号与密码之间的短横线多于四个；请用分隔符参数说明";
    /// The protocol cannot name the code.
    CodeUnusual: "code_unusual",
        "a code may have only letters a-z, digits, spaces and signs, at most 256 letters and digits",
        "卡密只能含英文字母、数字、空格和符号，且不超过 256 个字母和数字";
    /// An earlier line of the file has the same key id.
    DuplicateInFile: "duplicate_in_file", "the file has this code before", "本文件前面已有该卡密";
    /// A key of another batch has the same key id.
    DuplicateInStock: "duplicate_in_stock", "this code is in the shop", "店铺中已有该卡密";
    /// Nothing stands where the password or what else is delivered with the code should.
    NoExtra: "no_extra", "there is no password, or what else is to be delivered with the code",
        "该行没有密码等随卡密交付的内容";
    /// What is to be delivered with the code is longer than [`MAX_EXTRA`](super::MAX_EXTRA).
    ExtraTooLong: "extra_too_long", "what is delivered with the code is longer than 2,048 bytes",
        "随卡密交付的内容超过 2,048 字节";
}

impl Reason {
    /// The reason of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.name() == name)
    }
}

/// A line that brought no key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The line, from 1; where a row takes several, its first.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// Why, in an English sentence, with the place of the other key where there is one.
    pub detail: String,
}

impl Refusal {
    /// A refusal for `reason`, with what else helps to find or mend it; `more` may be empty.
    #[must_use]
    pub fn new(line: u64, reason: Reason, more: &str) -> Self {
        let separator = if more.is_empty() { "" } else { ": " };
        Self {
            line,
            reason,
            detail: [reason.english(), separator, more].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{MAX_EXTRA, MAX_LINE};

    #[test]
    fn names_are_one_each_and_sentences_state_the_bounds() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_name(reason.name()), Some(*reason));
        }
        assert_eq!(Reason::from_name("blank"), None);
        assert_eq!((MAX_LINE, MAX_EXTRA), (4096, 2048), "the sentences name other bounds");
    }
}
