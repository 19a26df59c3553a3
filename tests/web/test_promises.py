"""Which sentence of a summary is a promise: rather none than one that nobody made."""

import pytest

from web.promises import last_promise, promise_in

MADE = [
    "The business will call her back on Monday before noon.",
    "Business: We'll send you the invoice tomorrow.",
    "I will definitely get back to you by Tuesday.",
    "He promised a refund of 40 dollars.",
    "They agreed to deliver on Friday.",
    "העסק הבטיח לחזור אליה ביום שלישי.",
    "העסק: אני אתקשר אלייך מחר בבוקר.",
    "נחזור אליך עד סוף השבוע.",
    "הנציגה התחייבה לזכות את הלקוח.",
]
NOT_MADE = [
    "She asked whether the business will call back on Monday?",
    "Will you call me back?",
    "The business will not send another invoice.",
    "They can't call back; nobody promised anything.",
    "If the table is here, they will call.",
    "She wants a promise that they will deliver on Tuesday.",
    "She will be at home on Monday.",
    "Her address is now 25 Maple Street.",
    "הוא ביקש שהעסק יחזור אליו.",
    "לא נחזור אליך השבוע.",
    "האם תתקשרו אליי מחר?",
    "אם יהיה מלאי, נתקשר.",
    "החזרה של המוצר אלינו התקבלה.",
    "",
]


@pytest.mark.parametrize("sentence", MADE)
def test_a_promise_is_told_in_its_own_words(sentence: str) -> None:
    assert promise_in(f"Sarah Cooper called.\n{sentence} Thank you.") == sentence


@pytest.mark.parametrize("sentence", NOT_MADE)
def test_what_nobody_promised_is_not_told(sentence: str) -> None:
    assert promise_in(f"Sarah Cooper called. {sentence}\nThank you.") is None


def test_of_several_promises_it_is_the_last_one_of_the_newest_call() -> None:
    calls = [
        {"summary": None, "created_at": "3"},
        {"summary": "They will call at noon. They will send the invoice.", "created_at": "2"},
        {"summary": "They promised a refund.", "created_at": "1"},
    ]

    found = last_promise(calls)

    assert found == {"words": "They will send the invoice.", "call": calls[1]}
    assert last_promise(calls[:1]) is None
