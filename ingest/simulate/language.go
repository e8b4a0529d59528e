package simulate

// language is what a conversation needs besides its dialogue: names, days, the words on buttons.
type language struct {
	share   uint32 // weight among the languages of the traffic
	country string // of the business-scoped user ids
	first   []string
	last    []string
	days    [7]string
	yes, no string // quick replies
	choice  string // of a list
	detail  string // the line below the choice
	caption string // of media sent without words of the dialogue
}

// languageOf gives the tables of a language; those that have none of their own borrow the English ones.
func languageOf(lang string) *language {
	if l, ok := languages[lang]; ok {
		return l
	}
	return otherLanguage
}

var otherLanguage = &language{
	share: 10, country: "US",
	first: languages["en"].first, last: languages["en"].last, days: languages["en"].days,
	yes: "Yes", no: "No", choice: "Customer service", detail: "Talk to a person", caption: "See here",
}

var languages = map[string]*language{
	"en": {
		share: 380, country: "US",
		first: []string{"Olivia", "James", "Amara", "Noah", "Grace", "Liam", "Priya", "Ethan", "Chloe", "Daniel", "Zoe", "Marcus", "Hannah", "Kwame", "Ruth", "Oscar"},
		last:  []string{"Bennett", "Okafor", "Clarke", "Nguyen", "Sullivan", "Patel", "Murphy", "Osei", "Foster", "Kim", "Walsh", "Adeyemi", "Hughes", "Lopez"},
		days:  [7]string{"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
		yes:   "Yes, confirm", no: "Cancel", choice: "Express delivery", detail: "Next working day", caption: "Here's the photo",
	},
	"es": {
		share: 160, country: "MX",
		first: []string{"Lucía", "Mateo", "Sofía", "Javier", "Valentina", "Andrés", "Camila", "Íñigo", "Ximena", "Raúl", "Begoña", "Tomás"},
		last:  []string{"García", "Hernández", "Muñoz", "Fernández", "Ibáñez", "Rojas", "Castaño", "Peña", "Vargas", "Núñez"},
		days:  [7]string{"domingo", "lunes", "martes", "miércoles", "jueves", "viernes", "sábado"},
		yes:   "Sí, confirmo", no: "Cancelar", choice: "Envío exprés", detail: "Al día siguiente", caption: "Mire la foto",
	},
	"pt": {
		share: 140, country: "BR",
		first: []string{"João", "Ana Lúcia", "Thiago", "Conceição", "Rafael", "Letícia", "Vinícius", "Beatriz", "Luís", "Inês", "Caio", "Mônica"},
		last:  []string{"Silva", "Araújo", "Gonçalves", "Magalhães", "Souza", "Falcão", "Moreira", "Assunção", "Teixeira"},
		days:  [7]string{"domingo", "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado"},
		yes:   "Sim, confirmo", no: "Cancelar", choice: "Entrega expressa", detail: "No próximo dia útil", caption: "Segue a foto",
	},
	"de": {
		share: 80, country: "DE",
		first: []string{"Jürgen", "Anneke", "Lukas", "Käthe", "Björn", "Mia", "Sören", "Heike", "Emre", "Marlies"},
		last:  []string{"Müller", "Weiß", "Krämer", "Schröder", "Yılmaz", "Hoffmann", "Groß", "Bäcker", "Vogel"},
		days:  [7]string{"Sonntag", "Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag"},
		yes:   "Ja, passt", no: "Absagen", choice: "Expressversand", detail: "Am nächsten Werktag", caption: "Hier das Foto",
	},
	"fr": {
		share: 60, country: "FR",
		first: []string{"Élodie", "François", "Maëlle", "Théo", "Aïcha", "Benoît", "Chloé", "Loïc", "Noémie", "Yanis"},
		last:  []string{"Lefèvre", "Dubois", "Traoré", "Gérard", "Benali", "Marchand", "Côté", "Rousseau"},
		days:  [7]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"},
		yes:   "Oui, je confirme", no: "Annuler", choice: "Livraison express", detail: "Le jour ouvré suivant", caption: "Voici la photo",
	},
	"it": {
		share: 50, country: "IT",
		first: []string{"Giulia", "Niccolò", "Chiara", "Matteo", "Fiorella", "Davide", "Aurora", "Pietro"},
		last:  []string{"Rossi", "D'Angelo", "Bianchi", "Conti", "De Luca", "Ferrara", "Morétti"},
		days:  [7]string{"domenica", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato"},
		yes:   "Sì, confermo", no: "Annulla", choice: "Consegna espressa", detail: "Il giorno dopo", caption: "Ecco la foto",
	},
	"hi": {
		share: 60, country: "IN",
		first: []string{"Rahul", "प्रिया", "Ananya", "अमित", "Sunita", "विकास", "Deepak", "नेहा", "Kavita", "Imran"},
		last:  []string{"Sharma", "वर्मा", "Gupta", "सिंह", "Iyer", "Khan", "यादव", "Joshi"},
		days:  [7]string{"रविवार", "सोमवार", "मंगलवार", "बुधवार", "गुरुवार", "शुक्रवार", "शनिवार"},
		yes:   "हाँ, ठीक है", no: "रद्द करें", choice: "Express delivery", detail: "अगले दिन", caption: "फोटो देखिए",
	},
	"ar": {
		share: 40, country: "AE",
		first: []string{"محمد", "فاطمة", "أحمد", "ليلى", "يوسف", "مريم", "خالد", "نورة", "عمر", "سارة"},
		last:  []string{"الهاشمي", "حداد", "السيد", "منصور", "القحطاني", "عبد الله", "النجار"},
		days:  [7]string{"الأحد", "الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت"},
		yes:   "نعم، أؤكد", no: "إلغاء", choice: "توصيل سريع", detail: "في اليوم التالي", caption: "هذه الصورة",
	},
	"id": {
		share: 40, country: "ID",
		first: []string{"Budi", "Siti", "Agus", "Dewi", "Rizky", "Putri", "Wayan", "Ayu", "Joko", "Intan"},
		last:  []string{"Santoso", "Wijaya", "Lestari", "Pratama", "Nugroho", "Siregar", "Halim"},
		days:  [7]string{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"},
		yes:   "Ya, setuju", no: "Batal", choice: "Kirim kilat", detail: "Besok sampai", caption: "Ini fotonya kak",
	},
	"nl": {
		share: 15, country: "NL",
		first: []string{"Sanne", "Daan", "Femke", "Joost", "Lotte", "Ruben"},
		last:  []string{"de Vries", "Jansen", "van Dijk", "Bakker", "Smit"},
		days:  [7]string{"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"},
		yes:   "Ja, prima", no: "Annuleren", choice: "Spoedlevering", detail: "Morgen in huis", caption: "Hier de foto",
	},
	"tr": {
		share: 15, country: "TR",
		first: []string{"Ayşe", "Mehmet", "Çağla", "Oğuz", "Şirin", "İbrahim"},
		last:  []string{"Yılmaz", "Öztürk", "Demir", "Çelik", "Güneş"},
		days:  [7]string{"Pazar", "Pazartesi", "Salı", "Çarşamba", "Perşembe", "Cuma", "Cumartesi"},
		yes:   "Evet, onaylıyorum", no: "İptal", choice: "Hızlı kargo", detail: "Ertesi gün", caption: "Fotoğraf burada",
	},
}

// words are a language's tables, escaped ahead of time.
type words struct {
	country     string
	first, last [][]byte
	days        [7][]byte
	yes, no     []byte
	choice      []byte
	detail      []byte
	caption     []byte
}

func newWords(lang string) words {
	l := languageOf(lang)
	w := words{
		country: l.country, first: escapedAll(l.first), last: escapedAll(l.last),
		yes: escaped(l.yes), no: escaped(l.no), choice: escaped(l.choice), detail: escaped(l.detail), caption: escaped(l.caption),
	}
	copy(w.days[:], escapedAll(l.days[:]))
	return w
}

func escapedAll(list []string) [][]byte {
	all := make([][]byte, len(list))
	for i, s := range list {
		all[i] = escaped(s)
	}
	return all
}
