"""Words and signs for expressions in many languages; ``names`` says what a text means by them."""

ENGLISH = {
    "neutral": "neutrality neu ne no-emotion no-expression expressionless",
    "happiness": "happy joy joyful hap ha",
    "sadness": "sad sa",
    "surprise": "surprised astonishment sur su suprise suprised",
    "fear": "fearful afraid scared fea fe af",
    "disgust": "disgusted dis di",
    "anger": "angry ang an",
    "contempt": "contemptuous con co",
    "unknown": "uncertain unsure unk don't-know dk i-don't-know not-sure i'm-not-sure can't-tell cannot-tell no-idea "
    "undecided none-of-the-above none-of-these",
    "not_a_face": "nf no-face non-face",
}
"""How else English tables write a name of ours, with the codes of KDEF (AF, AN, DI, ...) and JAFFE (FE)."""
ELSEWHERE = {
    "neutral": "neutre neutralité neutro neutra neutralidad neutraal neutrale neutralità neutralidade 中性 中立 平静 "
    "平靜 无表情 無表情 ニュートラル 真顔 нейтральное нейтральный нейтральная нейтрально нейтральность спокойствие "
    "neutralny neutralna neutralność obojętność nötr tarafsız ifadesiz neutralt 중립 무표정 중립적 محايد خنثی",
    "happiness": "Freude Glück Gluecklich glücklich fröhlich froehlich Fröhlichkeit joie joyeux joyeuse bonheur "
    "heureux heureuse felicidad feliz alegría alegre blij blijdschap vreugde geluk gelukkig felicità felice gioia "
    "allegria felicidade 高兴 高興 快乐 快樂 开心 開心 幸福 喜悦 喜悅 喜び 幸せ 嬉しい 楽しい радость радостный "
    "радостная счастье счастливый счастливая radość radosny radosna szczęście szczęśliwy szczęśliwa mutlu mutluluk "
    "glädje lycka lycklig 행복 기쁨 즐거움 سعادة سعيد فرح شادی خوشحال خوشحالی",
    "sadness": "Trauer Traurigkeit traurig tristesse triste tristeza verdriet verdrietig droefheid droevig bedroefd "
    "tristezza 悲伤 悲傷 伤心 傷心 难过 難過 悲哀 悲しみ 悲しい 哀しみ грусть грустный грустная печаль печальный "
    "smutek smutny smutna üzgün üzüntü hüzün sorg sorgsen ledsen 슬픔 حزن حزين غم غمگین ناراحتی",
    "surprise": "Überraschung Ueberraschung überrascht ueberrascht Erstaunen surpris sorpresa sorprendido "
    "sorprendida verrassing verrast verbazing sorpreso stupore surpresa surpreso 惊讶 驚訝 吃惊 吃驚 惊奇 驚奇 驚き "
    "驚いた удивление удивлённый удивлённая zaskoczenie zaskoczony zaskoczona zdziwienie zdziwiony şaşkın şaşkınlık "
    "şaşırma şaşırmış förvåning förvånad överraskning 놀람 놀라움 مفاجأة متفاجئ دهشة تعجب متعجب",
    "fear": "Angst ängstlich aengstlich Furcht peur crainte effrayé apeuré miedo temor asustado bang vrees paura "
    "timore spaventato impaurito medo assustado 恐惧 恐懼 害怕 恐怖 恐れ 怖れ 怖い страх испуг испуганный испуганная "
    "strach lęk przestraszony przestraszona korku korkmuş rädsla rädd 두려움 공포 무서움 خوف خائف ترس",
    "disgust": "Ekel angeekelt Abscheu dégoût dégoûté asco repugnancia walging afkeer afschuw disgusto disgustato "
    "nojo aversão repugnância 厌恶 厭惡 恶心 噁心 嫌悪 嫌悪感 отвращение wstręt obrzydzenie odraza iğrenme tiksinti "
    "tiksinme äckel avsky 혐오 역겨움 اشمئزاز قرف انزجار",
    "anger": "Wut wütend wuetend Ärger Aerger verärgert ärgerlich Zorn zornig colère en-colère fâché ira enojo "
    "enfado enfadado rabia furia boos boosheid woede kwaad rabbia arrabbiato collera raiva zangado cólera 愤怒 憤怒 "
    "生气 生氣 怒り 怒っている гнев злость злой злая złość zlosc gniew öfke öfkeli kızgın kızgınlık ilska 분노 화남 "
    "غضب غاضب خشم عصبانیت عصبانی",
    "contempt": "Verachtung verächtlich veraechtlich mépris méprisant desprecio desdén minachting verachting "
    "disprezzo desprezo desdém 轻蔑 輕蔑 蔑视 蔑視 鄙视 鄙視 軽蔑 презрение pogarda küçümseme aşağılama förakt 경멸 "
    "احتقار ازدراء تحقیر",
    "unknown": "unbekannt unsicher weiß-nicht ich-weiß-nicht keine-davon je-ne-sais-pas no-lo-sé inconnu incertain "
    "desconocido incierto onbekend onzeker sconosciuto incerto desconhecido 未知 不确定 不確定 不明 わからない "
    "не-знаю неизвестно nie-wiem bilmiyorum vet-ej 모름 모르겠음 لا-أعرف نمی-دانم",
    "not_a_face": "kein-Gesicht pas-un-visage sin-cara geen-gezicht nessun-volto sem-rosto 非人脸 非人臉 顔ではない",
}
"""The same in German, French, Spanish, Dutch, Italian, Portuguese, Chinese and Japanese; and the nouns, with the most
usual adjectives, in Russian, Polish, Turkish, Swedish, Korean, Arabic and Persian."""
SIGNS = {
    "neutral": "😐😑😶",
    "happiness": "😀😃😄😁😆😊🙂☺😂😍",
    "sadness": "😢😭😞😔🙁☹😥😿",
    "surprise": "😮😲😯😦",
    "fear": "😨😱😰😧",
    "disgust": "🤢🤮",
    "anger": "😠😡🤬👿",
    "contempt": "😒😏",
}
"""The same as pictures of faces."""
BESIDE = frozenset(
    ("a", "an", "the", "face", "faces", "facial", "expression", "expressions", "emotion", "emotions", "person",
     "people", "picture", "pictures", "image", "images", "photo", "photos", "img", "class", "label", "looks", "looking",
     "seems", "is", "very", "slightly", "somewhat", "extremely", "mildly", "strongly", "slight", "mild", "strong",
     "weak", "intense", "subtle", "extreme", "moderate", "low", "medium", "high", "intensity",
     "btn", "button")
)  # fmt: skip
"""Words that stand beside the name of an expression and leave it what it is."""
