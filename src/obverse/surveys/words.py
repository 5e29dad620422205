"""Words: the few that a form says by itself, in the languages that we have them in.

A survey in another language has them in English, unless its translations give them as ``words.NAME``.
"""

from __future__ import annotations

from obverse.surveys.checking import AnswerError
from obverse.surveys.survey import Survey

RTL = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "khw", "ks", "ps", "sd", "syr", "ug", "ur", "yi"})
"""Languages written from right to left."""

_NAMES = (
    *(
        "survey",
        "next",
        "back",
        "send",
        "close",
        "required",
        "n_of_m",
        "choose",
        "place",
        "characters",
        "most",
    ),
    *("again", "language", "problem", "error", "closed", "paused", "early", "unknown", "bad_ticket", "busy"),
    *("e_required", "e_number", "e_choice", "e_at_most", "e_ranks", "e_too_long", "e_items", "e_consent"),
    "offline",
)
_TABLE = {
    "en": (
        *("Survey", "Next", "Back", "Send", "Close", "Required", "{n} of {m}", "Choose", "1 is the best."),
        *("At most {n} characters", "At most {n}", "Start again", "Language", "Please check your answer"),
        *("Error", "This survey is closed.", "This survey takes a break. Please come back later."),
        *("This survey has not begun yet.", "There is no survey at this address."),
        "This page is too old, or its address is not complete. Please open the survey again.",
        "Your answer could not be kept just now. Please send it again in a moment.",
        *("Please answer this question.", "Please choose a number from {low} to {high}."),
        *("Please choose one of the answers.", "Please choose at most {n}."),
        *("Please use each place from 1 to {n} once.", "Please use at most {n} characters."),
        *("Please choose an answer in each row.", "Please tick the box to go on."),
        "No connection. Your answer is kept here, and sent as soon as there is one.",
    ),
    "de": (
        *("Umfrage", "Weiter", "Zurück", "Absenden", "Schließen", "Pflichtfrage", "{n} von {m}", "Auswählen"),
        *("1 ist am besten.", "Höchstens {n} Zeichen", "Höchstens {n}", "Von vorn beginnen", "Sprache"),
        *("Bitte prüfen Sie Ihre Antwort", "Fehler", "Diese Umfrage ist beendet."),
        "Diese Umfrage macht eine Pause. Bitte kommen Sie später wieder.",
        *("Diese Umfrage hat noch nicht begonnen.", "Unter dieser Adresse gibt es keine Umfrage."),
        "Diese Seite ist zu alt, oder die Adresse ist unvollständig. Bitte öffnen Sie die Umfrage neu.",
        "Ihre Antwort konnte gerade nicht gespeichert werden. Bitte senden Sie sie gleich noch einmal.",
        *("Bitte beantworten Sie diese Frage.", "Bitte wählen Sie eine Zahl von {low} bis {high}."),
        *("Bitte wählen Sie eine der Antworten.", "Bitte wählen Sie höchstens {n}."),
        "Bitte vergeben Sie jeden Platz von 1 bis {n} einmal.",
        "Bitte verwenden Sie höchstens {n} Zeichen.",
        *("Bitte wählen Sie in jeder Zeile eine Antwort.", "Bitte setzen Sie den Haken, um fortzufahren."),
        "Keine Verbindung. Ihre Antwort bleibt hier und wird gesendet, sobald es eine gibt.",
    ),
    "fr": (
        *("Questionnaire", "Suivant", "Retour", "Envoyer", "Fermer", "Obligatoire", "{n} sur {m}", "Choisir"),
        *("1 est le meilleur.", "{n} caractères au plus", "{n} au plus", "Recommencer", "Langue"),
        *("Veuillez vérifier votre réponse", "Erreur", "Ce questionnaire est terminé."),
        "Ce questionnaire est en pause. Veuillez revenir plus tard.",
        *("Ce questionnaire n’a pas encore commencé.", "Il n’y a pas de questionnaire à cette adresse."),
        "Cette page est trop ancienne ou son adresse est incomplète. Veuillez rouvrir le questionnaire.",
        "Votre réponse n’a pas pu être enregistrée. Veuillez la renvoyer dans un instant.",
        *("Veuillez répondre à cette question.", "Veuillez choisir un nombre de {low} à {high}."),
        *("Veuillez choisir une des réponses.", "Veuillez en choisir {n} au plus."),
        *(
            "Veuillez donner chaque place de 1 à {n} une seule fois.",
            "Veuillez utiliser {n} caractères au plus.",
        ),
        *("Veuillez choisir une réponse par ligne.", "Veuillez cocher la case pour continuer."),
        "Pas de connexion. Votre réponse reste ici et sera envoyée dès qu’elle est rétablie.",
    ),
    "es": (
        *("Encuesta", "Siguiente", "Atrás", "Enviar", "Cerrar", "Obligatoria", "{n} de {m}", "Elegir"),
        *("1 es lo mejor.", "Como máximo {n} caracteres", "Como máximo {n}", "Empezar de nuevo", "Idioma"),
        *("Revise su respuesta", "Error", "Esta encuesta está cerrada."),
        *("Esta encuesta está en pausa. Vuelva más tarde.", "Esta encuesta aún no ha empezado."),
        "No hay ninguna encuesta en esta dirección.",
        "Esta página es demasiado antigua o su dirección está incompleta. Abra la encuesta de nuevo.",
        "No se pudo guardar su respuesta en este momento. Envíela de nuevo en un instante.",
        *(
            "Responda a esta pregunta.",
            "Elija un número del {low} al {high}.",
            "Elija una de las respuestas.",
        ),
        *("Elija como máximo {n}.", "Use cada puesto del 1 al {n} una sola vez."),
        *(
            "Use como máximo {n} caracteres.",
            "Elija una respuesta en cada fila.",
            "Marque la casilla para seguir.",
        ),
        "Sin conexión. Su respuesta se queda aquí y se enviará en cuanto vuelva.",
    ),
    "it": (
        *("Sondaggio", "Avanti", "Indietro", "Invia", "Chiudi", "Obbligatoria", "{n} di {m}", "Scegli"),
        *("1 è il migliore.", "Al massimo {n} caratteri", "Al massimo {n}", "Ricomincia", "Lingua"),
        *("Controlli la Sua risposta", "Errore", "Questo sondaggio è chiuso."),
        *("Questo sondaggio è in pausa. Torni più tardi.", "Questo sondaggio non è ancora iniziato."),
        "A questo indirizzo non c’è alcun sondaggio.",
        "Questa pagina è troppo vecchia o il suo indirizzo è incompleto. Apra di nuovo il sondaggio.",
        "Non è stato possibile salvare la risposta. La invii di nuovo tra un momento.",
        *("Risponda a questa domanda.", "Scelga un numero da {low} a {high}.", "Scelga una delle risposte."),
        *("Scelga al massimo {n}.", "Usi ogni posto da 1 a {n} una sola volta."),
        *(
            "Usi al massimo {n} caratteri.",
            "Scelga una risposta in ogni riga.",
            "Spunti la casella per continuare.",
        ),
        "Nessuna connessione. La risposta resta qui e sarà inviata appena torna.",
    ),
    "nl": (
        *("Enquête", "Volgende", "Terug", "Versturen", "Sluiten", "Verplicht", "{n} van {m}", "Kies"),
        *("1 is het beste.", "Hoogstens {n} tekens", "Hoogstens {n}", "Opnieuw beginnen", "Taal"),
        *("Controleer uw antwoord", "Fout", "Deze enquête is gesloten."),
        *("Deze enquête is gepauzeerd. Kom later terug.", "Deze enquête is nog niet begonnen."),
        "Op dit adres is geen enquête.",
        "Deze pagina is te oud of het adres is niet volledig. Open de enquête opnieuw.",
        "Uw antwoord kon nu niet worden bewaard. Verstuur het zo meteen opnieuw.",
        *(
            "Beantwoord deze vraag.",
            "Kies een getal van {low} tot en met {high}.",
            "Kies een van de antwoorden.",
        ),
        *("Kies er hoogstens {n}.", "Gebruik elke plaats van 1 tot en met {n} één keer."),
        *(
            "Gebruik hoogstens {n} tekens.",
            "Kies een antwoord in elke rij.",
            "Vink het vakje aan om verder te gaan.",
        ),
        "Geen verbinding. Uw antwoord blijft hier en wordt verstuurd zodra die er weer is.",
    ),
    "pt": (
        *("Inquérito", "Seguinte", "Voltar", "Enviar", "Fechar", "Obrigatória", "{n} de {m}", "Escolher"),
        *("1 é o melhor.", "No máximo {n} caracteres", "No máximo {n}", "Recomeçar", "Idioma"),
        *("Verifique a sua resposta", "Erro", "Este inquérito está encerrado."),
        *("Este inquérito está em pausa. Volte mais tarde.", "Este inquérito ainda não começou."),
        "Não há nenhum inquérito neste endereço.",
        "Esta página é demasiado antiga ou o endereço está incompleto. Abra o inquérito novamente.",
        "Não foi possível guardar a sua resposta agora. Envie-a novamente daqui a pouco.",
        *("Responda a esta pergunta.", "Escolha um número de {low} a {high}.", "Escolha uma das respostas."),
        *("Escolha no máximo {n}.", "Use cada lugar de 1 a {n} uma só vez."),
        *(
            "Use no máximo {n} caracteres.",
            "Escolha uma resposta em cada linha.",
            "Marque a caixa para continuar.",
        ),
        "Sem ligação. A sua resposta fica aqui e será enviada assim que esta voltar.",
    ),
}
WORDS: dict[str, dict[str, str]] = {
    language: dict(zip(_NAMES, words, strict=True)) for language, words in _TABLE.items()
}
"""Each word by its name, by language."""
NATIVE = {
    "ar": "العربية",
    "cs": "Čeština",
    "da": "Dansk",
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fa": "فارسی",
    "fi": "Suomi",
    "fr": "Français",
    "he": "עברית",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "nl": "Nederlands",
    "pl": "Polski",
    "pt": "Português",
    "sv": "Svenska",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh": "中文",
}
"""What languages call themselves; others go by their code."""
_OWN = "words."


def base(language: str) -> str:
    """Give a language without its region.

    >>> base("de-AT")
    'de'
    """
    return language.partition("-")[0].lower()


def native(language: str) -> str:
    """Give what a language calls itself, with its region where it has one.

    >>> native("de"), native("pt-BR")
    ('Deutsch', 'Português (BR)')
    """
    _, _, region = language.partition("-")
    name = NATIVE.get(base(language), language)
    return f"{name} ({region})" if region and name != language else name


def is_rtl(language: str) -> bool:
    """Tell whether a language is written from right to left."""
    parts = language.lower().split("-")
    return "arab" in parts or "hebr" in parts or (parts[0] in RTL and "latn" not in parts)


def words(survey: Survey | None, language: str) -> dict[str, str]:
    """Give the words by name in a language, a survey's own first."""
    own = survey.translations.get(language, {}) if survey is not None else {}
    given = {name.removeprefix(_OWN): word for name, word in own.items() if name.startswith(_OWN)}
    return WORDS["en"] | WORDS.get(base(language), {}) | given


def said(found: dict[str, str], name: str, **numbers: int) -> str:
    """Say a word with its numbers filled in.

    >>> said(WORDS["de"], "n_of_m", n=2, m=5)
    '2 von 5'
    """
    text = found[name]
    for key, number in numbers.items():
        text = text.replace(f"{{{key}}}", str(number))
    return text


def said_of(found: dict[str, str], error: AnswerError) -> str:
    """Say what is wrong with an answer to whoever gave it."""
    return said(found, f"e_{error.rule}", **error.numbers)
