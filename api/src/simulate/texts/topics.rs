//! What customers of the made-up help desk write about.

use super::phrases::{ASKING, ASKING_OF_FAULT, DETAILS, DETAILS_OF_FAULT, STILL, STILL_FAULTY};
use super::{Said, said};

/// A matter that customers bring up.
pub(in crate::simulate) struct Topic {
    /// The department it belongs to.
    pub(in crate::simulate) department: &'static str,
    /// Its `request_type`.
    pub(in crate::simulate) request_type: &'static str,
    /// Tags it may be given.
    pub(in crate::simulate) tags: &'static [&'static str],
    /// How often it comes up, against the others.
    pub(in crate::simulate) weight: u32,
    /// How much sooner than others it is wanted: the chance of a raised priority, in per cent.
    pub(in crate::simulate) pressing: u32,
    /// Its subject.
    pub(in crate::simulate) subject: Said,
    /// The first message.
    pub(in crate::simulate) body: Said,
    /// What solves it.
    pub(in crate::simulate) answer: Said,
}

impl Topic {
    /// What agents ask about it.
    pub(in crate::simulate) fn asking(&self) -> &'static Said {
        if self.is_fault() { &ASKING_OF_FAULT } else { &ASKING }
    }

    /// What customers answer to that.
    pub(in crate::simulate) fn details(&self) -> &'static Said {
        if self.is_fault() { &DETAILS_OF_FAULT } else { &DETAILS }
    }

    /// What customers write when it goes on.
    pub(in crate::simulate) fn still(&self) -> &'static Said {
        if self.is_fault() { &STILL_FAULTY } else { &STILL }
    }

    fn is_fault(&self) -> bool {
        self.request_type == "fault"
    }
}

/// Every topic.
pub(in crate::simulate) const TOPICS: &[Topic] = &[
    Topic {
        department: "technical",
        request_type: "fault",
        tags: &["login", "ورود"],
        weight: 14,
        pressing: 30,
        subject: said(
            &["نمی‌توانم وارد حساب شوم", "خطا هنگام ورود به {product}", "کد تأیید پیامک نمی‌شود"],
            &["Cannot log in", "Login error in {product}", "No verification code arrives"],
            &["لا أستطيع تسجيل الدخول"],
        ),
        body: said(
            &[
                "از دیروز هر بار که رمز را وارد می‌کنم پیام خطا می‌گیرم. رمز را هم عوض کردم ولی درست نشد.",
                "پس از به‌روزرسانی {product} دیگر نمی‌توانم وارد شوم. کد تأیید اصلاً برایم پیامک نمی‌شود.",
                "حساب همکارم باز می‌شود اما حساب من نه. می‌نویسد «دسترسی ندارید». لطفاً بررسی کنید.",
            ],
            &[
                "Since yesterday every attempt to sign in ends with an error. I have already changed my password once.",
                "After the last update of {product} I cannot sign in any more, and the code never reaches my phone.",
                "My colleague gets in, I do not: it says I have no access. Could you please have a look?",
            ],
            &["منذ أمس لا أستطيع الدخول إلى {product}، ورمز التحقق لا يصلني. أرجو المساعدة."],
        ),
        answer: said(
            &[
                "رمز موقت تازه‌ای برایتان فرستادیم. لطفاً پس از ورود، آن را از بخش «امنیت» عوض کنید.",
                "دسترسی حساب شما بازنشانی شد. لطفاً یک بار از همهٔ دستگاه‌ها خارج و دوباره وارد شوید.",
            ],
            &[
                "We have sent you a temporary password. Please change it under Security once you are in.",
                "Your access has been reset. Please sign out on all devices once and sign in again.",
            ],
            &["أرسلنا إليكم كلمة مرور مؤقتة. يُرجى تغييرها بعد الدخول."],
        ),
    },
    Topic {
        department: "technical",
        request_type: "fault",
        tags: &["slow", "کندی"],
        weight: 10,
        pressing: 20,
        subject: said(
            &["کندی شدید {product}", "صفحهٔ گزارش‌ها باز نمی‌شود"],
            &["{product} is very slow", "Reports page does not load"],
            &["بطء شديد في {product}"],
        ),
        body: said(
            &[
                "از صبح هر صفحه نزدیک به یک دقیقه طول می‌کشد تا باز شود و مشتری‌هایم معطل می‌شوند.",
                "وقتی گزارش ماهانه را می‌گیرم {product} گیر می‌کند و باید آن را ببندم. اینترنت ما مشکلی ندارد.",
            ],
            &[
                "Since this morning every page takes close to a minute and my customers are queuing.",
                "When I run the monthly report {product} hangs and I have to close it. Our connection is fine.",
            ],
            &["منذ الصباح تستغرق كل صفحة دقيقة تقريبًا لتُفتح، والزبائن ينتظرون."],
        ),
        answer: said(
            &[
                "یکی از سرورها زیر بار بود؛ بار آن را پخش کردیم و سرعت باید به حالت عادی برگشته باشد.",
                "گزارش شما را بهینه کردیم. اگر بازهٔ زمانی را کوتاه‌تر بگیرید، باز هم تندتر می‌شود.",
            ],
            &[
                "One server was overloaded. We have spread its load; speed should be back to normal.",
                "We have tuned your report. With a shorter period it runs faster still.",
            ],
            &["كان أحد الخوادم مثقلًا وقد وزّعنا الحمل، ويجب أن تكون السرعة عادية الآن."],
        ),
    },
    Topic {
        department: "technical",
        request_type: "fault",
        tags: &["app", "crash", "اپلیکیشن"],
        weight: 9,
        pressing: 25,
        subject: said(
            &["بسته‌شدن ناگهانی برنامه", "{product} روی گوشی باز نمی‌شود"],
            &["App closes by itself", "{product} does not start on my phone"],
            &["التطبيق يُغلق فجأة"],
        ),
        body: said(
            &[
                "هر وقت می‌خواهم فاکتور تازه ثبت کنم برنامه بسته می‌شود. نسخهٔ گوشی من اندروید ۱۳ است.",
                "بعد از نصب نسخهٔ تازه، {product} فقط صفحهٔ سفید نشان می‌دهد. حذف و نصب دوباره هم فایده نداشت.",
            ],
            &[
                "Whenever I enter a new invoice the app closes. My phone runs Android 13.",
                "After the new version {product} shows a white page only. Installing it again did not help.",
            ],
            &["بعد التحديث الأخير يعرض {product} صفحة بيضاء فقط."],
        ),
        answer: said(
            &[
                "این خطا در نسخهٔ ۴٫۲ برطرف شده است. لطفاً برنامه را به‌روزرسانی و نتیجه را به ما خبر دهید.",
                "حافظهٔ موقت برنامه را پاک کنید و دوباره وارد شوید؛ داده‌هایتان سر جای خود می‌ماند.",
            ],
            &[
                "This is fixed in version 4.2. Please update and tell us how it goes.",
                "Please clear the app's cache and sign in again; your data stays where it is.",
            ],
            &["تم إصلاح هذا الخطأ في الإصدار 4.2. يُرجى تحديث التطبيق."],
        ),
    },
    Topic {
        department: "technical",
        request_type: "question",
        tags: &["settings", "how-to"],
        weight: 8,
        pressing: 4,
        subject: said(
            &["راهنمایی برای تنظیمات", "اتصال {product} به فروشگاه"],
            &["How do I set this up?", "Connecting {product} to our shop"],
            &["سؤال عن الإعدادات"],
        ),
        body: said(
            &[
                "چطور می‌توانم برای کارمند جدیدمان دسترسی محدود بسازم؟ در راهنما چیزی پیدا نکردم.",
                "می‌خواهیم {product} را به فروشگاه اینترنتی‌مان وصل کنیم. از کجا باید شروع کنیم؟",
            ],
            &[
                "How can I give our new colleague limited access? I found nothing about it in the manual.",
                "We would like to connect {product} to our online shop. Where do we start?",
            ],
            &["كيف يمكنني منح زميلنا الجديد صلاحيات محدودة؟"],
        ),
        answer: said(
            &[
                "از «تنظیمات» به «کاربران» بروید و نقش «محدود» را انتخاب کنید. راهنمای تصویری هم پیوست شد.",
                "کافی است در «اتصال‌ها» کلید دسترسی بسازید و آن را در فروشگاه‌تان وارد کنید.",
            ],
            &[
                "Open Settings, then Users, and choose the role Limited. An illustrated guide is attached.",
                "Create an access key under Connections and enter it in your shop; that is all.",
            ],
            &["من الإعدادات اختاروا المستخدمين ثم الدور المحدود."],
        ),
    },
    Topic {
        department: "technical",
        request_type: "fault",
        tags: &["device", "card-reader", "کارت‌خوان"],
        weight: 7,
        pressing: 40,
        subject: said(
            &["دستگاه روشن نمی‌شود", "کارت‌خوان تراکنش‌ها را نمی‌گیرد"],
            &["Device does not turn on", "Card reader refuses payments"],
            &["الجهاز لا يعمل"],
        ),
        body: said(
            &[
                "{product} از امروز صبح روشن نمی‌شود. شارژر دیگری را هم امتحان کردیم.",
                "کارت‌خوان روی «در حال اتصال» می‌ماند و هیچ تراکنشی انجام نمی‌شود. فروش ما خوابیده است!",
            ],
            &[
                "Our {product} does not turn on since this morning. We have tried another charger as well.",
                "The card reader stays at connecting and takes no payment at all. We cannot sell anything!",
            ],
            &["لا يعمل {product} منذ صباح اليوم، وقد جربنا شاحنًا آخر."],
        ),
        answer: said(
            &[
                "دستگاه جایگزین ثبت شد و فردا به دستتان می‌رسد. لطفاً دستگاه خراب را به همان پیک بدهید.",
                "پیکربندی شبکهٔ دستگاه را از راه دور اصلاح کردیم. لطفاً یک تراکنش آزمایشی انجام دهید.",
            ],
            &[
                "A replacement is on its way and arrives tomorrow. Please hand the broken one to the same courier.",
                "We have corrected the device's network settings remotely. Please try one payment.",
            ],
            &["سيصلكم جهاز بديل غدًا. يُرجى تسليم الجهاز المعطل إلى المندوب نفسه."],
        ),
    },
    Topic {
        department: "billing",
        request_type: "question",
        tags: &["invoice", "فاکتور"],
        weight: 11,
        pressing: 6,
        subject: said(
            &["ابهام در فاکتور {order}", "مبلغ فاکتور این ماه"],
            &["Question about invoice {order}", "This month's invoice"],
            &["استفسار عن الفاتورة {order}"],
        ),
        body: said(
            &[
                "در فاکتور {order} مبلغ {amount} تومان آمده که نمی‌دانم بابت چیست. لطفاً توضیح دهید.",
                "فاکتور این ماه بیشتر از قرارداد ماست. مالیات را دو بار حساب نکرده‌اید؟",
                "لطفاً فاکتور رسمی {order} را به نام شرکت صادر کنید. شناسهٔ ملی را پیوست کرده‌ام.",
            ],
            &[
                "Invoice {order} contains {amount} toman that I cannot place. What is it for?",
                "This month's invoice is higher than agreed. Was the tax counted twice?",
                "Please issue an official invoice for {order} in the company's name. The details are attached.",
            ],
            &["تحتوي الفاتورة {order} على مبلغ {amount} تومان لا أعرف سببه."],
        ),
        answer: said(
            &[
                "این مبلغ بابت افزایش تعداد کاربران در میانهٔ ماه است؛ ریز محاسبه را پیوست کردیم.",
                "حق با شماست؛ فاکتور اصلاح شد و نسخهٔ تازه در بخش «مالی» در دسترس است.",
            ],
            &[
                "The amount is for the users added in the middle of the month; the details are attached.",
                "You are right. The invoice has been corrected; the new one is under Billing.",
            ],
            &["أنتم على حق، وقد صُحّحت الفاتورة وهي متاحة الآن."],
        ),
    },
    Topic {
        department: "billing",
        request_type: "request",
        tags: &["refund", "بازگشت‌وجه"],
        weight: 10,
        pressing: 18,
        subject: said(
            &["درخواست بازگشت وجه سفارش {order}", "پولم برنگشته است"],
            &["Refund for order {order}", "Still waiting for my money"],
            &["طلب استرداد مبلغ الطلب {order}"],
        ),
        body: said(
            &[
                "سفارش {order} را لغو کردم ولی {amount} تومان هنوز به حسابم برنگشته است.",
                "هفتهٔ پیش گفتید وجه تا ۷۲ ساعت برمی‌گردد. ده روز گذشته و خبری نیست.",
            ],
            &[
                "I cancelled order {order}, but {amount} toman have not come back to my account.",
                "Last week you said the money would be back within 72 hours. It has been ten days.",
            ],
            &["ألغيت الطلب {order} ولم يعد المبلغ {amount} تومان إلى حسابي."],
        ),
        answer: said(
            &[
                "بازگشت وجه سفارش {order} ثبت شد و تا پایان روز کاری بعد به کارت شما می‌نشیند.",
                "شمارهٔ شبا نادرست ثبت شده بود. اصلاح کردیم و مبلغ {amount} تومان دوباره واریز شد.",
            ],
            &[
                "The refund for order {order} is booked and reaches your card by the end of the next working day.",
                "The account number had been entered wrongly. We corrected it and sent {amount} toman again.",
            ],
            &["تم تسجيل استرداد المبلغ وسيصل إلى بطاقتكم حتى نهاية يوم العمل التالي."],
        ),
    },
    Topic {
        department: "billing",
        request_type: "complaint",
        tags: &["payment", "double-charge"],
        weight: 7,
        pressing: 32,
        subject: said(
            &["دو بار از حسابم کم شد", "پرداخت ناموفق ولی برداشت‌شده"],
            &["Charged twice", "Payment failed but money was taken"],
            &["خُصم المبلغ مرتين"],
        ),
        body: said(
            &[
                "برای سفارش {order} دو بار {amount} تومان از حسابم برداشت شده است. رسیدها پیوست است.",
                "درگاه پیام ناموفق داد اما پول کم شد و سفارشم هم ثبت نشده است. این وضع قابل قبول نیست.",
            ],
            &[
                "For order {order} the amount of {amount} toman was taken twice. Receipts are attached.",
                "The gateway said the payment failed, yet the money is gone and there is no order. Not acceptable.",
            ],
            &["خُصم مبلغ {amount} تومان مرتين للطلب {order}."],
        ),
        answer: said(
            &[
                "تراکنش دوم را برگشت زدیم. بسته به بانک شما تا دو روز کاری به حساب می‌نشیند.",
                "پرداخت شما را تأیید و سفارش {order} را دستی ثبت کردیم. بابت پیش‌آمد پوزش می‌خواهیم.",
            ],
            &[
                "We have reversed the second payment. Depending on your bank it takes up to two working days.",
                "We confirmed your payment and entered order {order} by hand. We are sorry for the trouble.",
            ],
            &["أعدنا المبلغ الثاني، وقد يستغرق وصوله يومي عمل."],
        ),
    },
    Topic {
        department: "billing",
        request_type: "request",
        tags: &["subscription", "cancel"],
        weight: 5,
        pressing: 5,
        subject: said(
            &["لغو یا تغییر اشتراک", "تمدید اشتراک {product}"],
            &["Cancel or change my plan", "Renewing {product}"],
            &["إلغاء الاشتراك"],
        ),
        body: said(
            &[
                "می‌خواهم اشتراک {product} را از ماه بعد لغو کنم. چه باید بکنم؟",
                "اشتراک ما تا پایان هفته تمام می‌شود. می‌شود با همان تخفیف پارسال تمدیدش کرد؟",
            ],
            &[
                "I would like to cancel {product} from next month on. What do I have to do?",
                "Our plan ends this week. Can we renew it with last year's discount?",
            ],
            &["أريد إلغاء اشتراك {product} ابتداءً من الشهر القادم."],
        ),
        answer: said(
            &[
                "اشتراک شما از پایان ماه لغو می‌شود و تا آن روز همه‌چیز مثل همیشه کار می‌کند.",
                "تمدید با تخفیف ۱۵ درصد برایتان ثبت شد و پیش‌فاکتور آن فرستاده شد.",
            ],
            &[
                "Your plan ends with this month; until then everything works as usual.",
                "The renewal with 15 per cent off is booked and its quote has been sent.",
            ],
            &["سيُلغى اشتراككم مع نهاية الشهر."],
        ),
    },
    Topic {
        department: "sales",
        request_type: "question",
        tags: &["price", "قیمت"],
        weight: 8,
        pressing: 3,
        subject: said(
            &["پرسش دربارهٔ قیمت {product}", "تفاوت بسته‌ها"],
            &["Price of {product}", "Which plan is right for us?"],
            &["سعر {product}"],
        ),
        body: said(
            &[
                "قیمت {product} برای پنج شعبه چقدر می‌شود؟ اگر سالانه بخریم تخفیف دارد؟",
                "فرق بستهٔ پایه و حرفه‌ای چیست؟ ما دوازده نفریم و بیشتر با گوشی کار می‌کنیم.",
            ],
            &[
                "What does {product} cost for five branches? Is there a discount for paying yearly?",
                "What is the difference between Basic and Pro? We are twelve people, mostly on phones.",
            ],
            &["كم سعر {product} لخمسة فروع؟ وهل هناك خصم سنوي؟"],
        ),
        answer: said(
            &[
                "پیش‌فاکتور پنج شعبه را پیوست کردیم. با خرید سالانه دو ماه رایگان می‌گیرید.",
                "برای دوازده نفر بستهٔ حرفه‌ای به‌صرفه‌تر است؛ جدول مقایسه را برایتان فرستادیم.",
            ],
            &[
                "The quote for five branches is attached. Paying yearly gives you two months free.",
                "For twelve people Pro is the better deal; we have sent you the comparison.",
            ],
            &["أرفقنا عرض السعر لخمسة فروع، ومع الدفع السنوي تحصلون على شهرين مجانًا."],
        ),
    },
    Topic {
        department: "sales",
        request_type: "request",
        tags: &["demo", "upgrade"],
        weight: 6,
        pressing: 4,
        subject: said(
            &["درخواست نسخهٔ آزمایشی", "ارتقای بستهٔ {product}"],
            &["Trial version, please", "Upgrading {product}"],
            &["طلب نسخة تجريبية"],
        ),
        body: said(
            &[
                "پیش از خرید می‌خواهیم {product} را دو هفته با داده‌های واقعی خودمان امتحان کنیم.",
                "تعداد کاربران ما به سی نفر رسیده است. لطفاً بسته را ارتقا دهید و مابه‌التفاوت را بگویید.",
            ],
            &[
                "Before buying we would like to try {product} for two weeks with our own data.",
                "We are thirty people by now. Please upgrade our plan and tell us the difference in price.",
            ],
            &["نود تجربة {product} لمدة أسبوعين قبل الشراء."],
        ),
        answer: said(
            &[
                "نسخهٔ آزمایشی دو هفته‌ای فعال شد. همکارم فردا برای راه‌اندازی با شما تماس می‌گیرد.",
                "بستهٔ شما ارتقا یافت و مابه‌التفاوت {amount} تومان در فاکتور بعدی می‌آید.",
            ],
            &[
                "Your two-week trial is active. A colleague will call you tomorrow to set it up.",
                "Your plan is upgraded; the difference of {amount} toman goes on the next invoice.",
            ],
            &["تم تفعيل النسخة التجريبية لمدة أسبوعين."],
        ),
    },
    Topic {
        department: "delivery",
        request_type: "complaint",
        tags: &["late", "دیرکرد"],
        weight: 10,
        pressing: 22,
        subject: said(
            &["سفارش {order} نرسیده است", "دیرکرد در تحویل سفارش"],
            &["Order {order} has not arrived", "Delivery is late"],
            &["لم يصل الطلب {order}"],
        ),
        body: said(
            &[
                "قرار بود سفارش {order} دیروز برسد ولی پیک نیامد و کسی هم پاسخ تلفن را نمی‌دهد.",
                "پنج روز است که وضعیت سفارش {order} «در حال ارسال» مانده. کی به دستم می‌رسد؟",
            ],
            &[
                "Order {order} was due yesterday, but no courier came and nobody answers the phone.",
                "For five days order {order} has been shown as on its way. When will it be here?",
            ],
            &["كان من المقرر أن يصل الطلب {order} أمس ولم يأتِ أحد."],
        ),
        answer: said(
            &[
                "مرسوله در مرکز پخش مانده بود. امروز با پیک ویژه ارسال شد و تا ساعت ۱۸ می‌رسد.",
                "از دیرکرد پوزش می‌خواهیم. هزینهٔ ارسال سفارش {order} به کیف پول شما برگشت.",
            ],
            &[
                "The parcel was stuck at the depot. A courier has it now and it arrives by six today.",
                "We are sorry for the delay. The shipping fee of order {order} has been credited to you.",
            ],
            &["كانت الشحنة عالقة في المركز، وستصلكم اليوم قبل السادسة مساءً."],
        ),
    },
    Topic {
        department: "delivery",
        request_type: "complaint",
        tags: &["damaged", "wrong-item", "مرجوعی"],
        weight: 6,
        pressing: 20,
        subject: said(
            &["کالای آسیب‌دیده در سفارش {order}", "کالای اشتباه رسیده است"],
            &["Damaged item in order {order}", "Wrong item delivered"],
            &["منتج تالف في الطلب {order}"],
        ),
        body: said(
            &[
                "جعبهٔ {product} پاره بود و خود دستگاه هم خط افتاده است. عکس‌ها را پیوست کردم.",
                "به جای {product} کالای دیگری فرستاده‌اید. لطفاً بگویید چطور پس بفرستم.",
            ],
            &[
                "The box of {product} was torn and the device itself is scratched. Photos are attached.",
                "Instead of {product} something else arrived. Please tell me how to send it back.",
            ],
            &["وصل {product} تالفًا. أرفقت الصور."],
        ),
        answer: said(
            &[
                "برگهٔ مرجوعی برایتان صادر شد. پیک فردا کالا را می‌گیرد و کالای سالم را تحویل می‌دهد.",
                "کالای درست همین امروز فرستاده می‌شود. بابت اشتباه انبار پوزش می‌خواهیم.",
            ],
            &[
                "Your return is booked. The courier picks it up tomorrow and brings a sound one.",
                "The right item leaves today. We are sorry for the warehouse's mistake.",
            ],
            &["سيستلم المندوب المنتج غدًا ويسلمكم منتجًا سليمًا."],
        ),
    },
    Topic {
        department: "delivery",
        request_type: "request",
        tags: &["address", "نشانی"],
        weight: 6,
        pressing: 8,
        subject: said(
            &["تغییر نشانی سفارش {order}", "تغییر زمان تحویل"],
            &["New address for order {order}", "Another delivery time"],
            &["تغيير عنوان الطلب {order}"],
        ),
        body: said(
            &[
                "نشانی سفارش {order} را اشتباه نوشته‌ام. لطفاً پیش از ارسال آن را عوض کنید.",
                "شنبه کسی در مغازه نیست. می‌شود سفارش {order} را یکشنبه بیاورید؟",
            ],
            &[
                "I gave a wrong address for order {order}. Please change it before it is sent.",
                "Nobody is in the shop on Saturday. Could you bring order {order} on Sunday?",
            ],
            &["كتبت عنوانًا خاطئًا للطلب {order}، أرجو تغييره قبل الإرسال."],
        ),
        answer: said(
            &[
                "نشانی سفارش {order} عوض شد. پیامک تأیید به شماره‌تان فرستاده می‌شود.",
                "تحویل به یکشنبه بین ساعت ۹ تا ۱۲ موکول شد.",
            ],
            &[
                "The address of order {order} is changed. You will get a text message to confirm it.",
                "Delivery is moved to Sunday between nine and twelve.",
            ],
            &["تم تغيير عنوان الطلب {order}."],
        ),
    },
];
