package chatexport

import "strings"

// The words below are WhatsApp's own, as its releases of the last ten years put them into exports.
// They are compared without marks, in lower case (ASCII only) and without a full stop at the end. A
// language that is missing costs little: its stamps are read all the same, and an iPhone marks
// WhatsApp's own words in every language.

type phrase struct {
	kind Kind
	self bool
}

// phrases are whole messages.
var phrases = buildPhrases()

// phraseEnds holds the first and last bytes of everything that is compared as a whole message.
var phraseEnds = buildEnds()

func buildEnds() map[[2]byte]bool {
	m := map[[2]byte]bool{}
	add := func(s string) { m[[2]byte{fold(s[0]), fold(s[len(s)-1])}] = true }
	for s := range phrases {
		add(s)
	}
	for s := range missedCalls {
		add(s)
	}
	for _, s := range encryptionStarts { // what follows the start may end in any letter
		for last := byte('!'); last < 0x80; last++ {
			add(s + string(rune(last)))
		}
	}
	return m
}

func buildPhrases() map[string]phrase {
	m := map[string]phrase{}
	add := func(p phrase, list string) {
		for s := range strings.Lines(list) {
			if s = strings.TrimSpace(s); s != "" {
				m[string(normal(nil, []byte(s)))] = p
			}
		}
	}
	add(phrase{kind: KindMedia}, mediaOmitted)
	add(phrase{kind: KindContact}, contactOmitted)
	add(phrase{kind: KindDeleted}, deletedByOther)
	add(phrase{kind: KindDeleted, self: true}, deletedBySelf)
	add(phrase{kind: KindLocation}, liveLocation)
	return m
}

// set makes a set of lines.
func set(list string) map[string]bool {
	m := map[string]bool{}
	for s := range strings.Lines(list) {
		if s = strings.TrimSpace(s); s != "" {
			m[string(normal(nil, []byte(s)))] = true
		}
	}
	return m
}

// exact makes a set of lines that are compared as they are.
func exact(list string) map[string]bool {
	m := map[string]bool{}
	for s := range strings.Lines(list) {
		if s = strings.TrimSpace(s); s != "" {
			m[s] = true
		}
	}
	return m
}

// omittedPhrases stand between < and > on Android.
var omittedPhrases = set(`
Media omitted
Video message omitted
View once voice message omitted
Medien ausgeschlossen
Medien weggelassen
Multimedia omitido
Archivo omitido
Se omitió el archivo
Mídia oculta
Mídia omitida
Arquivo de mídia oculto
Ficheiro não revelado
Médias omis
Fichier omis
Media omessi
Media omesso
Media weggelaten
Media weggelaat
Media har utelämnats
Mediefil udeladt
Uten vedlegg
Media jätetty pois
pliki pominięto
Pominięto multimedia
Média vynechány
Média vynechána
Médiá vynechané
Hiányzó médiafájl
Conținut media omis
Mitjans omesos
Medijski zapis izostavljen
Medij izpuščen
Εξαίρεση πολυμέσων
Без медиафайлов
Файл пропущен
Медіа пропущено
Без файл
Medya dahil edilmedi
Medya atlanmış
تم استبعاد الوسائط
מדיה הושמטה
המדיה לא נכללה
میڈیا چھوڑ دیا گیا
मीडिया के बिना
मीडिया छोड़ा गया
मीडिया वगळले
મીડિયા અવગણાયું
মিডিয়া বাদ দেওয়া হয়েছে
ਮੀਡੀਆ ਛੱਡਿਆ ਗਿਆ
Media tidak disertakan
Media disingkirkan
Walang kalakip na media
Bỏ qua Media
สื่อถูกลบ
メディアは含まれていません
メディアなし
미디어 파일을 생략한 대화내용
省略多媒体文件
媒体文件已省略
忽略多媒體檔
省略多媒體檔案
媒體已略去
Media imerukwa
`)

// mediaOmitted are iPhone's.
const mediaOmitted = `
image omitted
video omitted
audio omitted
sticker omitted
GIF omitted
document omitted
video note omitted
Bild weggelassen
Video weggelassen
Audio weggelassen
Sticker weggelassen
GIF weggelassen
Dokument weggelassen
Videonachricht weggelassen
imagen omitida
Video omitido
audio omitido
sticker omitido
GIF omitido
documento omitido
imagem ocultada
imagem não revelada
vídeo omitido
vídeo não revelado
áudio ocultado
ficheiro de áudio não revelado
figurinha omitida
sticker não revelado
GIF omitida
GIF não revelada
documento omitido
documento não revelado
image absente
vidéo absente
audio omis
sticker omis
GIF retiré
document manquant
immagine omessa
video omesso
audio omesso
sticker non incluso
GIF esclusa
documento omesso
afbeelding weggelaten
video weggelaten
audio weggelaten
sticker weggelaten
GIF weggelaten
document weggelaten
bild utesluten
video utesluten
ljud utelslutet
sticker utesluten
GIF utesluten
dokument uteslutet
billede udeladt
video udeladt
lyd udeladt
klistermærke udeladt
GIF udeladt
dokument udeladt
bilde ikke inkludert
video utelatt
lyd utelatt
GIF utelatt
ei kuvaa
videota ei sisällytetä
obraz pominięty
wideo pominięte
audio pominięte
pominięto naklejkę
dokument pominięty
obrázek vynechán
video vynecháno
dokument vynechán
изображение отсутствует
видео отсутствует
аудиофайл отсутствует
стикер не добавлен
GIF отсутствует
документ отсутствует
зображення відсутнє
відео відсутнє
аудіо відсутнє
görüntü dahil edilmedi
video dahil edilmedi
ses dahil edilmedi
Çıkartma dahil edilmedi
GIF dahil edilmedi
belge dahil edilmedi
لم يتم إدراج الصورة
لم يتم إدراج الفيديوهات
لم يتم إدراج المقاطع الصوتية
تم حذف الملصقات
لم يتم إدراج صورة GIF
لم يتم إدراج المستند
התמונה הושמטה
סרטון הווידאו הושמט
קטע קול הושמט
סטיקר הושמט
מסמך הושמט
फ़ोटो हटाई गई
वीडियो छोड़ा गया
ऑडियो हटाई गयी
स्टिकर छोड़ा गया
GIF छोड़ा गया
डॉक्यूमेंट छोड़ा गया
gambar tidak disertakan
video tidak disertakan
audio tidak disertakan
stiker tidak disertakan
GIF tidak disertakan
dokumen tidak disertakan
imej tidak dimasukkan
video tidak dimasukkan
画像は含まれていません
ビデオは含まれていません
音声は含まれていません
スタンプは含まれていません
GIFは含まれていません
ドキュメントは含まれていません
이미지 생략됨
비디오 생략됨
오디오 생략됨
스티커 제외됨
GIF 생략됨
문서 생략됨
照片已忽略
视频已忽略
音频已忽略
贴图已省略
文档已省略
图片已省略
圖片已略去
圖像已省略
影片已略去
影片已省略
音訊已略去
音訊已省略
貼圖已略去
貼圖已忽略
文件已略去
文件已忽略
`

const contactOmitted = `
Contact card omitted
Kontaktkarte ausgelassen
Kontaktkarte weggelassen
Tarjeta de contacto omitida
Cartão do contato omitido
Contacto não revelado
Fiche contact manquante
Scheda contatto omessa
Visitekaartje weggelaten
Kontaktkort uteslutet
Kontaktkort udeladt
Pominięta wizytówka kontaktu
Карточка контакта отсутствует
Картка контакту відсутня
Kişi kartı dahil edilmedi
لم يتم إدراج بطاقة جهة اتصال
כרטיס איש קשר הושמט
कॉन्टैक्ट कार्ड छोड़ा गया
Kartu kontak tidak disertakan
連絡先カードを省略
연락처 카드 생략됨
联系人卡片已忽略
聯絡人卡片已略去
聯絡人卡片已省略
`

const deletedByOther = `
This message was deleted
Diese Nachricht wurde gelöscht
Se eliminó este mensaje
Este mensaje fue eliminado
Mensagem apagada
Esta mensagem foi apagada
Esta mensagem foi apagada pelo remetente
Ce message a été supprimé
Questo messaggio è stato eliminato
Dit bericht is verwijderd
Det här meddelandet raderades
Denne besked er blevet slettet
Denne besked blev slettet
Denne meldingen ble slettet
Tämä viesti poistettiin
Ta wiadomość została usunięta
Tato zpráva byla smazána
Tato zpráva byla odstraněna
Acest mesaj a fost șters
Ez az üzenet törlésre került
Данное сообщение удалено
Это сообщение удалено
Це повідомлення було видалено
Bu mesaj silindi
تم حذف هذه الرسالة
הודעה זו נמחקה
این پیام حذف شد
یہ پیغام حذف کیا گیا
यह मैसेज डिलीट कर दिया गया है
यह संदेश मिटाया गया
Pesan ini dihapus
Pesan ini telah dihapus
Mesej ini telah dipadam
Tin nhắn này đã bị xóa
ข้อความนี้ถูกลบแล้ว
このメッセージは削除されました
이 메시지는 삭제되었습니다
삭제된 메시지입니다
这条消息已被删除
此消息已删除
此訊息已刪除
`

const deletedBySelf = `
You deleted this message
You deleted this message as admin
Du hast diese Nachricht gelöscht
Eliminaste este mensaje
Você apagou esta mensagem
Apagou esta mensagem
Vous avez supprimé ce message
Hai eliminato questo messaggio
U hebt dit bericht verwijderd
Je hebt dit bericht verwijderd
Du raderade detta meddelande
Du raderade det här meddelandet
Du har slettet denne besked
Du slettede denne besked
Du slettet denne meldingen
Poistit tämän viestin
Usunięto tę wiadomość
Tuto zprávu jste odstranil/a
Ați șters acest mesaj
Törölted ezt az üzenetet
Вы удалили данное сообщение
Вы удалили это сообщение
Ви видалили це повідомлення
Bu mesajı sildiniz
لقد حذفت هذه الرسالة
لقد حذَفت هذه الرسالة
أنت حذفت هذه الرسالة
מחקת הודעה זו
מחקת את ההודעה הזו
आपने यह मैसेज डिलीट किया
आपने यह संदेश मिटाया
Anda menghapus pesan ini
Anda telah menghapus pesan ini
Anda telah memadamkan mesej ini
Bạn đã xóa tin nhắn này
คุณลบข้อความนี้
このメッセージを削除しました
이 메시지를 삭제했습니다
您已删除这条消息
您已刪除此訊息
`

const liveLocation = `
live location shared
Live-Standort wird geteilt
Ubicación en tiempo real compartida
ubicación en vivo compartida
localização em tempo real compartilhada
localisation en direct partagée
posizione attuale condivisa
live locatie gedeeld
Lokasi terkini dibagikan
ライブロケーション共有
`

// missedCalls and otherCalls begin a line about a call; a person may type the latter.
var missedCalls = set(`
Missed voice call
Missed video call
Missed group voice call
Missed group video call
Verpasster Sprachanruf
Verpasster Videoanruf
Verpasster Gruppenanruf
Llamada perdida
Llamada de voz perdida
Videollamada perdida
Chamada de voz perdida
Chamada de vídeo perdida
Videochamada perdida
Ligação de voz perdida
Ligação de vídeo perdida
Appel vocal manqué
Appel vidéo manqué
Chiamata vocale persa
Videochiamata persa
Gemiste spraakoproep
Gemiste video-oproep
Gemist spraakgesprek
Gemist videogesprek
Missat röstsamtal
Missat videosamtal
Ubesvaret taleopkald
Ubesvaret videoopkald
Tapt taleanrop
Tapt videoanrop
Vastaamaton äänipuhelu
Nieodebrane połączenie głosowe
Nieodebrane połączenie
Zmeškaný hlasový hovor
Zmeškaný videohovor
Пропущенный аудиозвонок
Пропущенный видеозвонок
Пропущений аудіодзвінок
Пропущений відеодзвінок
Cevapsız sesli arama
Cevapsız görüntülü arama
مكالمة صوتية فائتة
مكالمة فيديو فائتة
שיחה קולית שלא נענתה
שיחת וידאו שלא נענתה
वॉइस कॉल मिस हुई
मिस्ड वीडियो कॉल
मिस्ड वॉइस कॉल
Panggilan suara tak terjawab
Panggilan video tak terjawab
音声通話不在着信
ビデオ通話不在着信
부재중 전화
부재중 영상통화
未接语音通话
未接视频通话
未接語音通話
未接視像通話
`)

var otherCalls = set(`
Voice call
Video call
Silenced voice call
Silenced video call
Sprachanruf
Videoanruf
Llamada de voz
Videollamada
Ligação de voz
Appel vocal
Appel vidéo
Chiamata vocale
Videochiamata
`)

// editedPhrases stand between < and > at the end of a message.
var editedPhrases = set(`
This message was edited
Diese Nachricht wurde bearbeitet
Se editó este mensaje
Mensagem editada
Esta mensagem foi editada
Ce message a été modifié
Questo messaggio è stato modificato
Dit bericht is bewerkt
Det här meddelandet har redigerats
Denne besked er blevet redigeret
Denne meldingen ble redigert
Tätä viestiä muokattiin
Сообщение изменено
Данное сообщение изменено
Bu mesaj düzenlendi
تم تعديل هذه الرسالة
यह मैसेज एडिट किया गया
Pesan ini diedit
このメッセージは編集されました
此訊息已編輯
此消息已编辑
`)

// attachedWords stand before the colon in iPhone's `<attached: ...>`.
var attachedWords = exact(`
attached
Anhang
angehängt
adjunto
anexado
anexo
pièce jointe
allegato
bijgevoegd
bijlage
bifogat
vedhæftet
vedlagt
liite
załączono
příloha
прикреплено
вложение
додано
eklendi
المُرفق
مرفق
מצורף
پیوست
अटैच किया गया
terlampir
dilampir
đính kèm
แนบ
添付ファイル
添付
첨부됨
附件
`)

// fileWords stand between ( and ) behind a file's name on Android.
var fileWords = exact(`
file attached
Datei angehängt
archivo adjunto
archivo adjuntado
arquivo anexado
ficheiro anexado
fichier joint
file allegato
bestand bijgevoegd
bifogad fil
fil vedhæftet
vedlagt fil
liitetiedosto
załączony plik
soubor byl přiložen
súbor pripojený
fájl csatolva
fișier atașat
arxiu adjunt
datoteka u privitku
συνημμένο αρχείο
файл добавлен
файл додано
прикачен файл
dosya ekli
الملف مرفق
קובץ מצורף
پیوستہ فائل
फ़ाइल अटैच की गई
फाइल अटैच कर दी गई है
फाइल संलग्न
file terlampir
fail dilampirkan
tệp đính kèm
ไฟล์ที่แนบ
添付ファイル有り
添付ファイル
파일 첨부됨
文件附件
附件檔案
`)

// encryptionStarts begin the notice that opens a chat.
var encryptionStarts = []string{
	"Messages and calls are end-to-end encrypted", "Messages to this chat and calls are now secured",
	"Messages to this group are now secured", "Messages you send to this chat and calls are now secured",
	"Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt", "Nachrichten in diesem Chat sowie Anrufe sind jetzt",
	"Los mensajes y las llamadas están cifrados", "As mensagens e as chamadas são protegidas",
	"As mensagens e ligações são protegidas", "Les messages et les appels sont chiffrés",
	"I messaggi e le chiamate sono crittografati", "Berichten en gesprekken worden end-to-end versleuteld",
	"Meddelanden och samtal är", "Сообщения и звонки защищены", "Mesajlar ve aramalar uçtan uca",
	"الرسائل والمكالمات مشفرة", "मैसेजेस और कॉल्स एंड-टू-एंड", "Pesan dan panggilan terenkripsi",
	"メッセージと通話はエンドツーエンド", "메시지 및 전화는 종단간", "消息和通话都进行端到端加密", "訊息和通話經端對端加密",
}

// systemParts occur in no name.
var systemParts = []string{
	"end-to-end", "Ende-zu-Ende", "de extremo a extremo", "de ponta a ponta", "de bout en bout", "uçtan uca",
	"एंड-टू-एंड", "مشفرة", "مشفّرة", "端到端", "端對端", "エンドツーエンド", "종단간",
	" changed the subject", " changed the group", " changed this group", " changed their phone number", " created group",
	" created community", " pinned a message", " hat den Betreff", " hat die Gruppenbeschreibung",
	" cambió el asunto", " mudou o nome", " a modifié le sujet", " ha cambiato l'oggetto",
}
