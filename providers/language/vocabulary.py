"""The words an extract goes by, for English and Hebrew: which mean nothing, which announce a fact."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from providers.language import Speaker

Kind = Literal["number", "date", "money", "topic"]


@dataclass(frozen=True)
class Vocabulary:
    label: str  # opens the extract, so that nobody takes it for a model's text
    speakers: Mapping[Speaker, str]
    stop_words: frozenset[str]
    telling: Mapping[Kind, frozenset[str]]  # words that make a fact; "one" and "two" say too little to count
    requests: re.Pattern[str]
    promises: re.Pattern[str]
    courtesies: re.Pattern[str]  # sentences that hold a conversation together and inform nobody
    has_capitals: bool  # a capital inside a sentence marks a name


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH = Vocabulary(
    label="Extract made offline, in the speakers' own words:",
    speakers={"customer": "Customer", "business": "Business", "unknown": "Speaker"},
    stop_words=_words(
        "a about after all also am an and any are as at be because been before but by can could did do does for from "
        "get go good great had has have he hello her here hi him his how i if in is it its just let like may me more "
        "my no not now of off oh ok okay on one or our out please right she should so some sure than thank thanks "
        "that the their them then there they this those to too two uh um up us very was we well were what when where "
        "which who will with would yeah yes you your"
    ),
    telling={
        "number": _words(
            "zero three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
            "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half "
            "quarter"
        ),
        "date": _words(
            "monday tuesday wednesday thursday friday saturday sunday january february march april june july august "
            "september october november december today tomorrow tonight yesterday morning afternoon evening noon week "
            "month o'clock am pm deadline"
        ),
        "money": _words(
            "dollar dollars pound pounds euro euros cent cents shekel shekels price cost invoice bill refund deposit "
            "discount payment pay paid charge fee"
        ),
        "topic": _words(
            "order address number street email phone delivery deliver appointment account contract insurance warranty "
            "broken damaged missing wrong late cancel cancelled return repair replace replaced complaint problem "
            "urgent instead changed move moved reschedule confirm name"
        ),
    },
    requests=re.compile(
        r"\b(can|could|would|will) you\b|\bplease\b|\bi(?: would|'d) like\b|\bi (?:need|want)\b|\bcalling about\b", re.I
    ),
    promises=re.compile(
        r"\b(?:i|we)(?: will|'ll)\b|\bpromised?\b|\bcall (?:you|me) back\b|\bguarantee|\bby the end of\b", re.I
    ),
    courtesies=re.compile(
        r"\bhow (?:can|may) (?:i|we) help\b|\bhow are you\b|\b(?:good)?bye\b|\bthank you (?:very|so) much\b"
        r"|\bthank you for\b|\bone moment\b|\bhave a (?:nice|good|great)\b|\bcan you hear me\b|\bspeaking\b",
        re.I,
    ),
    has_capitals=True,
)

HEBREW = Vocabulary(
    label="תמצית שהופקה במצב לא מקוון, במילותיהם של הדוברים:",
    speakers={"customer": "לקוח", "business": "העסק", "unknown": "דובר"},
    stop_words=_words(
        "אני אתה את אתם אנחנו הוא היא הם הן זה זאת זו אלה של שלי שלך שלו שלה שלנו לי לך לו לה לנו לכם על אל עם כי אם "
        "או גם רק כל כמו לא כן יש אין היה הייתה היו יהיה תהיה עוד כבר אז מה מי איך איפה מתי למה כמה פה שם כאן עכשיו "
        "טוב בסדר אוקיי אה אהה כאילו בעצם פשוט ממש מאוד אבל אולי שלום היי תודה בבקשה רגע נכון אחד אחת שני שתי"
    ),
    telling={
        "number": _words(
            "אפס שלוש שלושה ארבע ארבעה חמש חמישה שש שישה שבע שבעה שמונה תשע תשעה עשר עשרה עשרים שלושים ארבעים חמישים "
            "שישים שבעים שמונים תשעים מאה מאתיים מאות אלף אלפיים אלפים חצי רבע"
        ),
        "date": _words(
            'ראשון שני שלישי רביעי חמישי שישי שבת יום היום מחר מחרתיים אתמול בוקר צהריים אחה"צ ערב שבוע חודש שעה ינואר '
            "פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר"
        ),
        "money": _words(
            'שקל שקלים ש"ח דולר דולרים יורו אגורות מחיר עלות חשבונית קבלה החזר זיכוי מקדמה הנחה תשלום לשלם'
        ),
        "topic": _words(
            "הזמנה כתובת מספר רחוב מייל טלפון משלוח תור פגישה חשבון חוזה ביטוח אחריות שבור שבורה פגום חסר טעות איחור "
            "לבטל ביטול להחזיר החזרה תיקון לתקן להחליף החלפה תלונה בעיה דחוף במקום השתנה השתנתה להעביר לדחות לאשר שם"
        ),
    },
    requests=re.compile(
        r"אפשר|בבקשה|(?:אני|אנחנו) (?:רוצה|רוצים|צריך|צריכה|צריכים|מבקש|מבקשת)|(?:תוכל|תוכלי|תוכלו) |אשמח"
        r"|בקשר ל|בנוגע ל"
    ),
    promises=re.compile(
        r"מבטיח|נחזור אלי|אחזור אלי|(?<!\w)(?:אני )?(?:אשלח|אתקשר|אבדוק|נשלח|נתקשר|נחליף|נגיע|אעדכן|נעדכן)"
    ),
    courtesies=re.compile(r"(?:איך|במה) (?:אפשר|אני יכול|אני יכולה) לעזור|מה שלומ|להתראות|תודה רבה|יום טוב|רק רגע"),
    has_capitals=False,
)

HEBREW_LETTER = re.compile(r"[א-ת]")
LATIN_LETTER = re.compile(r"[A-Za-z]")


def vocabulary_for(language: str | None, text: str) -> Vocabulary:
    """By the language where it is known, else by the letters; English stands in for what we have no words for."""
    if language == "he":
        return HEBREW
    if language is None and len(HEBREW_LETTER.findall(text)) > len(LATIN_LETTER.findall(text)):
        return HEBREW
    return ENGLISH
