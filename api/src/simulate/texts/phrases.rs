//! What is said on any matter: greetings, questions, thanks, notes, opinions.

use super::{Said, said};

/// How agents begin.
pub(in crate::simulate) const GREETING: Said = said(
    &["سلام و وقت بخیر.", "با سلام و احترام.", "درود بر شما.", "سلام، از شکیبایی شما سپاسگزاریم."],
    &["Hello,", "Good day,", "Thank you for writing to us.", "Hello, and thank you for your patience."],
    &["السلام عليكم ورحمة الله.", "تحية طيبة."],
);

/// How agents end.
pub(in crate::simulate) const FAREWELL: Said = said(
    &["با احترام", "اگر پرسش دیگری داشتید در خدمتیم.", "روز خوبی داشته باشید.", "با سپاس از همراهی شما"],
    &["Kind regards", "If anything else comes up, we are here.", "Have a good day.", "Best wishes"],
    &["مع التحية", "نحن في خدمتكم."],
);

/// What agents ask before they can help with a fault.
pub(in crate::simulate) const ASKING_OF_FAULT: Said = said(
    &[
        "لطفاً عکسی از صفحهٔ خطا بفرستید و بگویید از چه ساعتی شروع شده است.",
        "از کدام نسخهٔ {product} استفاده می‌کنید؟ آیا همکارانتان هم همین مشکل را دارند؟",
    ],
    &[
        "Could you send us a screenshot and tell us since when this has been happening?",
        "Which version of {product} do you use? Do your colleagues have the same problem?",
    ],
    &["يُرجى إرسال صورة للشاشة وإخبارنا متى بدأت المشكلة."],
);

/// What agents ask before they can help with anything else.
pub(in crate::simulate) const ASKING: Said = said(
    &[
        "برای بررسی، لطفاً شمارهٔ سفارش و نام ثبت‌شده را بنویسید.",
        "لطفاً تأیید کنید که سفارش {order} منظور شماست.",
        "شمارهٔ تماسی که در دسترس باشد برایمان می‌نویسید؟ سفارش {order} است؟",
    ],
    &[
        "To look into it we need your order number and the name it is under.",
        "Please confirm that you mean order {order}.",
        "On which number can we reach you? And is this about order {order}?",
    ],
    &["نرجو تأكيد رقم الطلب {order}."],
);

/// What agents say while they are at it.
pub(in crate::simulate) const WORKING: Said = said(
    &[
        "موضوع را به همکاران فنی سپردیم و نتیجه را همین‌جا می‌نویسیم.",
        "در حال پیگیری هستیم و تا پایان امروز خبر می‌دهیم.",
        "مشکل را در سامانهٔ خودمان هم دیدیم. در حال رفع آن هستیم.",
    ],
    &[
        "We have passed this on to our engineers and will write here as soon as we know more.",
        "We are on it and will be back to you by the end of the day.",
        "We can see the problem on our side too and are fixing it.",
    ],
    &["نحن نتابع الأمر وسنخبركم بالنتيجة اليوم."],
);

/// What agents answer when nothing more is to be done.
pub(in crate::simulate) const WONT_FIX: Said = said(
    &["این امکان در برنامهٔ ما نیست، ولی پیشنهادتان را ثبت کردیم.", "متأسفانه پس از هفت روز بازگشت کالا ممکن نیست."],
    &[
        "This is not planned for now, but we have noted your wish.",
        "After seven days we can no longer take goods back.",
    ],
    &["للأسف هذا غير ممكن حاليًا، لكننا سجلنا اقتراحكم."],
);

/// What customers answer when they are asked about a fault.
pub(in crate::simulate) const DETAILS_OF_FAULT: Said = said(
    &[
        "از حدود ساعت ۹ صبح شروع شد و هر بار همان پیام را می‌دهد.",
        "نسخه را نمی‌دانم، ولی دیروز به‌روزرسانی کردم. همکارم هم همین مشکل را دارد.",
    ],
    &[
        "It began at about nine in the morning, with the same message each time.",
        "I do not know the version, but I updated yesterday. My colleague has the same problem.",
    ],
    &["بدأت المشكلة صباحًا، والرسالة نفسها تظهر كل مرة."],
);

/// What customers answer when they are asked about anything else.
pub(in crate::simulate) const DETAILS: Said = said(
    &[
        "بله، همان سفارش {order} است.",
        "شمارهٔ سفارش {order} است و به نام خودم ثبت شده.",
        "{order}. عصرها بهتر می‌توانم صحبت کنم.",
    ],
    &[
        "Yes, it is order {order}.",
        "The order number is {order}, in my own name.",
        "{order}. Afternoons are best for a call.",
    ],
    &["نعم، الطلب رقم {order}."],
);

/// What customers write when a fault goes on.
pub(in crate::simulate) const STILL_FAULTY: Said = said(
    &[
        "امتحان کردم ولی درست نشد. همان خطا را می‌دهد.",
        "ممنون، بهتر شد ولی کامل نه. گاهی هنوز قطع می‌شود.",
        "یک پرسش دیگر: برای شعبهٔ دوم هم همین کار را بکنم؟",
    ],
    &[
        "I tried that, but the error is the same.",
        "Thanks, it is better but not gone. Now and then it still fails.",
        "One more question: do I do the same for our second branch?",
    ],
    &["جربت ذلك ولم ينجح."],
);

/// What customers write when anything else is not done yet.
pub(in crate::simulate) const STILL: Said = said(
    &["هنوز خبری نشده است. کی درست می‌شود؟", "ممنون از پاسخ. تا کی باید صبر کنم؟", "این را دفعهٔ پیش هم گفتید."],
    &[
        "Nothing has happened yet. When will this be settled?",
        "Thanks. How long will it take?",
        "You said so last time.",
    ],
    &["ما زلت أنتظر النتيجة."],
);

/// What customers write when they wait too long.
pub(in crate::simulate) const NUDGE: Said = said(
    &["کسی پیام من را دیده است؟", "لطفاً پاسخ بدهید، کارمان لنگ مانده است.", "چند ساعت است منتظرم!"],
    &["Has anybody seen my message?", "Please answer, we are stuck here.", "I have been waiting for hours!"],
    &["هل قرأ أحد رسالتي؟"],
);

/// How customers thank.
pub(in crate::simulate) const THANKS: Said = said(
    &["ممنون، درست شد.", "دستتان درد نکند، حل شد.", "سپاس از پیگیری‌تان.", "عالی بود، متشکرم."],
    &["Thanks, it works now.", "Solved, thank you very much.", "Thank you for your help.", "Great, that did it."],
    &["شكرًا، تم حل المشكلة."],
);

/// How customers come back after a closing.
pub(in crate::simulate) const AGAIN: Said = said(
    &[
        "مشکل دوباره برگشته است. چرا تیکت را بستید؟",
        "هنوز حل نشده! لطفاً دوباره بررسی کنید.",
        "فکر می‌کردم حل شده، ولی باز همان وضع است.",
    ],
    &[
        "The problem is back. Why was this closed?",
        "It is not solved! Please look again.",
        "I thought it was settled, but here we are again.",
    ],
    &["عادت المشكلة مرة أخرى."],
);

/// What the acknowledging automation writes.
pub(in crate::simulate) const RECEIVED: Said = said(
    &["پیام شما رسید. همکاران ما در ساعت کاری پاسخ می‌دهند (شنبه تا چهارشنبه ۸ تا ۱۷، پنجشنبه تا ۱۳)."],
    &["We have received your message and will answer in office hours (Saturday to Wednesday 8-17, Thursday 8-13)."],
    &["وصلتنا رسالتكم وسنجيب خلال ساعات العمل."],
);

/// What the reminding automation writes.
pub(in crate::simulate) const REMINDER: Said = said(
    &["هنوز پاسخی از شما نگرفته‌ایم. اگر تا سه روز دیگر ننویسید، این تیکت بسته می‌شود."],
    &["We have not heard from you. Without an answer this ticket will be closed in three days."],
    &["لم يصلنا ردكم بعد. ستُغلق التذكرة بعد ثلاثة أيام."],
);

/// What agents note for each other; the desk's own language is Persian.
pub(in crate::simulate) const NOTE: Said = said(
    &[
        "با مشتری تلفنی صحبت کردم؛ عجله دارد، لطفاً در اولویت باشد.",
        "همین مشکل در سه تیکت دیگر هم هست؛ با هم پیگیری کنیم.",
        "منتظر پاسخ بانک هستیم. شمارهٔ پیگیری: {order}.",
        "مشتری قدیمی است؛ تخفیف بعدی را فراموش نکنیم.",
        "سابقهٔ سفارش {order} را دیدم، حق با مشتری است.",
    ],
    &[
        "Spoke to the customer by phone; in a hurry, please treat first.",
        "Three other tickets report the same; let us treat them together.",
        "Checked order {order}: the customer is right.",
    ],
    &["العميل مستعجل، يُرجى إعطاؤه الأولوية."],
);

/// What is noted when a third party is waited for.
pub(in crate::simulate) const VENDOR: Said = said(
    &["به شرکت پخش ارجاع شد، منتظر پاسخشان هستیم.", "از بانک استعلام گرفتیم؛ تا پاسخ نگه می‌داریم."],
    &["Passed on to the carrier; waiting for their answer.", "Asked the bank; on hold until they answer."],
    &["أُحيل الأمر إلى شركة الشحن."],
);

/// What satisfied customers say in a survey.
pub(in crate::simulate) const PRAISE: Said = said(
    &[
        "برخورد عالی و پاسخ سریع. ممنونم.",
        "همکارتان خیلی با حوصله راهنمایی کرد.",
        "زودتر از آنچه فکر می‌کردم حل شد.",
        "خوب و حرفه‌ای بود.",
    ],
    &[
        "Friendly and quick. Thank you.",
        "Your colleague explained everything patiently.",
        "Solved sooner than I had expected.",
        "Good, professional service.",
    ],
    &["خدمة ممتازة وسريعة."],
);

/// What dissatisfied customers say in a survey.
pub(in crate::simulate) const BLAME: Said = said(
    &[
        "خیلی دیر پاسخ دادید و آخرش هم حل نشد.",
        "سه بار مجبور شدم همان چیزها را توضیح بدهم.",
        "پاسخ‌ها آماده و بی‌ربط بود. ناامید شدم.",
        "پیگیری نکنید کسی جواب نمی‌دهد.",
    ],
    &[
        "It took far too long and is still not solved.",
        "I had to explain the same thing three times.",
        "Canned answers that had nothing to do with my problem.",
        "Nobody answers unless you keep asking.",
    ],
    &["تأخر الرد كثيرًا ولم تُحل المشكلة."],
);

/// What customers in between say in a survey.
pub(in crate::simulate) const SO_SO: Said = said(
    &["بد نبود، ولی می‌توانست سریع‌تر باشد.", "حل شد، اما توضیح بیشتری لازم بود."],
    &["Not bad, but it could have been faster.", "Solved, though I would have liked more explanation."],
    &["جيد لكن كان يمكن أن يكون أسرع."],
);

/// What customers suggest.
pub(in crate::simulate) const SUGGESTION: Said = said(
    &[
        "کاش پنجشنبه‌ها هم تا عصر پاسخگو بودید.",
        "امکان پیگیری سفارش در برنامه اضافه شود.",
        "پاسخ‌ها را پیامک هم بکنید.",
        "راهنمای تصویری برای {product} بگذارید.",
    ],
    &[
        "Please stay open longer on Thursdays.",
        "Let us follow orders within the app.",
        "Send answers as text messages too.",
        "An illustrated guide for {product} would help.",
    ],
    &["نرجو إضافة تتبع الطلبات في التطبيق."],
);

/// What comes of a follow-up; agents write it in Persian mostly.
pub(in crate::simulate) const FOLLOWED_UP: Said = said(
    &[
        "تماس گرفتم و عذرخواهی کردم. مشتری پذیرفت.",
        "پاسخ تلفن را نداد؛ پیام گذاشتم.",
        "مشکل اصلی دیرکرد بوده؛ کد تخفیف برایش فرستادم.",
        "گفتگو شد، هنوز راضی نیست.",
    ],
    &[
        "Called and apologised; the customer accepted.",
        "No answer on the phone; left a message.",
        "The delay was the trouble; sent a discount code.",
    ],
    &["اتصلت بالعميل واعتذرت له."],
);
