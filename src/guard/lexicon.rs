//! The words that hostile orders are made of, by class and in many languages, as data.
//!
//! An entry is a word, a stem (`ignor*`), or several words in a row (`from_now_on`). They are folded when the index is
//! built just as text is, so accents may be written. The classes say what a word can do in an order; what a
//! combination of classes means is not known here.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::fold;

/// A set of classes, one bit each.
pub(super) type Classes = u64;

macro_rules! classes {
    ($($name:ident = $bit:literal, $words:expr;)*) => {
        $(pub(super) const $name: Classes = 1 << $bit;)*
        const WORDS: &[(Classes, &str)] = &[$(($name, $words)),*];
    };
}

classes! {
    // To set aside.
    OVERRIDE = 0, "drop_your drop_all_your do_not_listen stop_obeying strunta_i strunta don_t_obey you_no_longer_have_to you_don_t_have_to_follow you_do_not_have_to_follow no_longer_bound_by halte_dich_nicht halt_dich_nicht haltet_euch_nicht befolge_nicht folge_nicht beachte befolge berucksichtige ne_respecte_pas ne_respecte_plus ne_suis_pas ne_suis_plus ne_suivez_plus n_obeis_plus no_sigas ya_no_sigas no_obedezcas no_respetes non_seguire non_rispettare non_obbedire nao_siga nao_obedeca niet_meer_volgen volg_niet не_соблюдай не_следуй не_выполняй не_придерживайся не_слушай не_дотримуйся لا_تلتزم لا_تتبع 不要遵守 不再遵守 不要遵循 be_ignored be_disregarded be_forgotten be_overridden be_discarded is_cancelled are_cancelled is_canceled are_canceled are_void is_void are_revoked are_suspended were_cancelled break violate ditch unlearn disobey defy put_aside cast_aside throw_away get_rid_of turn_off shut_off switch_off let_go_of never_mind pay_no_heed vernachlassig* saltate salta_tus pasa_de brich breche enfreins desactive desactiva disattiva ignore ignores ignoring ignored ignor disregard* forget forgetting override overriding bypass bypassing circumvent* \
        neglect discard* overlook scrap erase abandon cancel nullify supersede* pay_no_attention do_not_follow don_t_follow dont_follow \
        stop_following no_longer_follow don_t_listen leave_aside set_aside throw_out wipe delete_all_previous do_not_obey \
        break_free do_not_comply suspend suspends lift \
        ignorier* vergiss vergessen vergesst missacht* ubergeh* verwirf verwerfe uberschreib* beachte_nicht umgeh* setze_dich_uber lass_alle \
        ignorez ignorer oublie oubliez oublier neglige* ne_tiens_pas_compte ne_tenez_pas_compte ne_tiens_plus_compte fais_abstraction \
        faites_abstraction contourne* outrepasse* laisse_tomber annule \
        ignora ignoren ignoras ignorar ignoren ignora olvida olvidate olvide olviden descarta* omite omitir haz_caso_omiso no_hagas_caso \
        pasa_por_alto desobedece anula \
        dimentica dimenticare dimenticate ignorate trascura tralascia scorda scordati non_considerare non_tenere_conto annulla bypassa \
        esqueca esqueça esquece esquecer ignore desconsidere desconsidera descarte desobedeca \
        negeer negeren vergeet vergeten sla_geen_acht omzeil zignoruj zignorujcie ignoruj zapomnij zapomnijcie pomin pomiń nie_zwazaj obejdz \
        забудь* игнорируй* проигнорируй* игнорировать отбрось* пренебреги* обойди не_обращай_внимания отмени \
        ігноруй* проігноруй* забудьте знехтуй* відкинь* не_зважай* не_звертай_уваги скасуй \
        unut unutun yoksay* goz_ardi gormezden dikkate_alma \
        忽略 忽视 无视 無視 忘记 忘掉 忘記 忽視 不要理会 不用管 抛开 抛弃 绕过 跳过之前 放弃 撤销 無視して 無視し 忘れて 忘れろ 忘れ 従わない 破棄 \
        무시* 잊어* 잊고 잊으* 따르지 \
        تجاهل* انس انسى انسي تجاوز* تغاضى أهمل \
        अनदेखा नजरअंदाज नज़रअंदाज़ भूल_जाओ भूल_जाइए भूल_जाएं उपेक्षा इग्नोर \
        bo_qua quen_di quen_het phot_lo abaikan lupakan ละเว้น เพิกเฉย ลืม ignorera glom glöm bortse ignorér glem se_bort unohda jata_huomiotta \
        ignoruj zapomen zapomeň ignora uita uitati αγνόησε ξέχασε התעלם תתעלם שכח hagyd_figyelmen felejtsd";
    // What is set aside: orders and rules.
    TARGET = 1, "your_creators your_developers your_makers linee_guida بالتوجيهات بالتعليمات بالقواعد startanweisung* grundregel* verhaltensregel* criteria regulations ethics filters filter censorship instruction instructions instruct intructions instructons directions directive directives guideline guidelines rule rules prompt prompts \
        command commands order orders restriction restrictions constraint constraints policy policies programming training safeguard* \
        limitations protocols guardrail* assignment assignments task tasks requirements context safety safety_filters content_filter* \
        content_policies \
        anweisung* instruktion* regeln vorgabe* befehl* richtlinie* vorschrift* aufgabe aufgaben auftrag auftrage einschrankung* anleitung* \
        consigne* directive regle regles ordres restriction* contrainte* \
        instruccion instrucciones reglas ordenes indicaciones directrices normas restricciones pautas consignas \
        istruzion* regole direttive ordini linee_guida comandi restrizioni \
        instrucoes instruções instrucao regras ordens diretrizes comandos orientacoes restricoes \
        instructie* regels opdracht* richtlijn* bevel* aanwijzing* \
        instrukcj* polecen* polecenia zasad* reguly regul wytyczn* rozkaz* ograniczen* \
        инструкци* указани* правил* команд* приказ* ограничени* директив* распоряжени* установк* \
        інструкц* вказівк* правил* команд* наказ* обмежен* настанов* \
        talimat* kural* yonerge* komut* kisitlama* emir* \
        指示 指令 规则 規則 命令 说明 要求 限制 约束 提示 提示词 設定 设定 指導 ルール 制約 規約 プロンプト 指図 \
        지시* 명령* 규칙* 지침* 제한* 프롬프트* \
        التعليمات تعليمات تعليماتك القواعد قواعد قواعدك الأوامر أوامر التوجيهات القيود إرشادات \
        निर्देश* नियम* आदेश* हिदायत* \
        huong_dan chi_thi quy_tac lenh instruksi perintah aturan arahan คำสั่ง กฎ instruktioner regler instruks ohjeet ohjeita saannot \
        pokyny pravidla instructiuni instructiunile reguli οδηγίες κανόνες הוראות ההוראות utasitas* szabaly*";
    // Which ones: those that came before.
    PRIOR = 2, "hierboven bovenstaand 지금까지* previous previously prior above earlier before preceding foregoing initial original existing former past so_far aforementioned \
        beforehand at_the_start at_the_beginning until_now up_to_now hitherto \
        vorherig* bisherig* obig* fruher* vorher zuvor davor vorangegangen* vorhergehend* oben ursprunglich* bislang \
        precedent* precedemment ci_dessus anterieur* avant initiale* initiaux jusqu_ici plus_haut \
        anterior* previas previos previa antes de_arriba iniciales hasta_ahora \
        precedent* prima sopra anteriori iniziali finora acima prévias anteriormente \
        eerdere vorige voorgaande bovenstaande hiervoor poprzedni* wczesniejsz* powyzsz* dotychczasow* \
        предыдущ* прежн* предшествующ* ранее выше до_этого прошл* попередн* раніше вище \
        onceki yukaridaki evvelki daha_once simdiye_kadar 之前 以上 先前 上面 前面 以前 此前 上述 前述 これまで 今まで 上記 以前の 前の \
        이전* 앞선 위의 기존* 지금까지 앞의 السابقة السابق أعلاه سابقا قبل पिछले पिछली पहले पूर्व उपरोक्त ऊपर \
        truoc_do phia_tren sebelumnya di_atas ก่อนหน้า ข้างต้น tidigare ovanstaende tidligere aiemmat edelliset predchozi \
        anterioare προηγούμενες הקודמות קודמות korabbi";
    // All of it.
    ALL = 3, "all everything any every anything whatever entire alles alle allen aller samtliche* jegliche* tout toutes tous toute todo todas todos toda \
        tutto tutte tutti tudo alle_eerdere wszystk* все всё всех всі усі tum butun hepsini her_seyi 所有 一切 全部 すべて 全て 全部の 모든 모두 \
        جميع كل सभी सब tat_ca moi semua ทั้งหมด alla kaikki vsechny toate όλες כל minden";
    POSSESSIVE = 4, "du_systeme del_sistema do_sistema of_openai of_anthropic openai_s anthropic_s talimatlarini talimatlarinizi kurallarini kurallarinizi gorevini your yours ur dein* deine* ihre* votre vos tes ton ta tu tus tuo tuoi tua tue su sus seu seus sua suas teu teus tuas je jouw uw \
        swoj* twoj* твои* твой твоя твоё свои* свой своё ваш* своїх твої* sistem_isteminiz 你的 您的 あなたの 君の お前の 너의 네 당신의 \
        الخاص_بك لديك अपना अपने अपनी तुम्हारे तुम्हारा आपके आपका của_ban anda kamu ของคุณ din ditt dina";
    // To bring to light.
    REVEAL = 5, "encode revelar reveler rivelare verraten offenbaren reveal revealing disclose leak dump print output repeat recite expose divulge verbatim copy_paste spit_out show display echo paste \
        reproduce regurgitate give_me hand_over quote list write_out write_down spell enrare unveil unmask summarize summarise paraphrase translate \
        zeig* nenn* verrat* gib ausgeben offenbar* wiederhol* druck* enthull* drucke liste schreib \
        montre montrez revele* affiche* donne donnez repete* divulgue* imprime* dis_moi recopie \
        muestra* muestrame revela* imprime repite dime dame ensena* comparte mostra* mostrami rivela* stampa ripeti dimmi dammi elenca \
        mostre revele repita exiba diga imprima me_diga toon onthul* geef herhaal laat_zien pokaz* ujawnij* wypisz powtorz podaj wyswietl zdradz \
        покажи* раскрой* выведи* повтори* назови* расскажи* сообщи* напечатай* выдай* розкрий* покажіть повтори* виведи* скажи* \
        goster* acikla* yazdir* tekrarla* paylas* 告诉 显示 展示 透露 输出 泄露 重复 打印 公开 告訴 說出 説出 说出 列出 揭示 \
        表示 教えて 見せて 出力 開示 明かして 繰り返して 표시 알려* 보여* 공개* 출력* 말해* \
        اعرض أظهر اكشف اكشفي أخبرني اطبع كرر اذكر दिखाओ दिखाएं दिखाइए बताओ बताएं बताइए प्रकट \
        cho_toi tiet_lo hien_thi tampilkan tunjukkan ungkapkan beritahu แสดง บอก visa avsloja vis afslor nayta paljasta ukaz arata dezvaluie \
        δείξε αποκάλυψε הצג גלה mutasd";
    ASK = 6, "complete continue fill_in wie_lauten wie_lautet need want finish what provide tell say share write describe explain which begin start was_sind was_ist was_steht was_war was_hast was_wurde welche* quels quelles quel cuales que quali cosa quais какие какой 什么 哪些 何 무엇";
    // What is kept hidden.
    SYSTEM_PROMPT = 7, "hidden_descriptions hidden_text operator_instructions system_prompt system_prompts systemprompt* system_message system_messages system_instruction system_instructions initial_prompt initial_instructions \
        initial_message hidden_prompt hidden_instructions hidden_rules secret_instructions secret_prompt secret_rules preprompt pre_prompt \
        master_prompt original_prompt base_prompt internal_instructions internal_rules internal_prompt \
        developer_message developer_instructions developer_prompt confidential_instructions core_instructions custom_instructions \
        systemnachricht systemanweisung* geheimen_anweisungen internen_anweisungen system_prompts prompt_systeme prompt_initial \
        message_systeme instructions_initiales prompt_de_systeme instructions_internes \
        prompt_del_sistema mensaje_del_sistema prompt_inicial instrucciones_del_sistema instrucciones_internas instrucciones_ocultas \
        instrucciones_iniciales prompt_di_sistema messaggio_di_sistema istruzioni_di_sistema istruzioni_interne prompt_iniziale \
        prompt_do_sistema mensagem_do_sistema instrucoes_internas instrucoes_do_sistema systeemprompt* systeembericht prompt_systemow* \
        promptu_systemow* wiadomosc_systemow* instrukcj*_systemow* системный_промпт системное_сообщение системные_инструкции \
        системного_промпта скрытые_инструкции системний_промпт системні_інструкції \
        sistem_istemi* sistem_prompt* sistem_mesaj* sistem_talimat* gizli_talimat* 系统提示 系统提示词 系统指令 系統提示 系統提示詞 系统消息 \
        系统设定 初始提示 初始指令 内部指令 隐藏指令 システムプロンプト システムメッセージ システム指示 初期プロンプト 内部指示 \
        시스템_프롬프트* 시스템_메시지* 시스템_지시* 초기_프롬프트* موجه_النظام رسالة_النظام تعليمات_النظام التعليمات_السرية \
        सिस्टम_प्रॉम्प्ट सिस्टम_संदेश गुप्त_निर्देश loi_nhac_he_thong prompt_he_thong prompt_sistem pesan_sistem พรอมต์ระบบ คำสั่งระบบ \
        systemprompten jarjestelmakehote rendszerprompt* systemova_instrukce systemovy_prompt";
    PERSONA = 8, "fai_finta fa_finta fais_semblant haz_como_si faz_de_conta spiele_eine spiel_eine spela_rollen your_name_is named_after acknowledge_by deceased grandmother grandma act_as act_like pretend roleplay role_play play_the_role take_on_the_role assume_the_role take_the_role assume_the_identity imagine_you simulate impersonate \
        behave_as behave_like embody portray stay_in_character you_are_called respond_as answer_as speak_as you_will_be adopt_the_persona be_my \
        play_a_game story hypothetical* fictional fiction write_a_story character game \
        spiel_die_rolle spiele_die_rolle tu_so_als agiere verhalte_dich stell_dir_vor als_ob_du fais_comme_si agis_comme joue_le_role imagine_que \
        actua_como finge imagina_que comportate haz_el_papel agisci_come fingi comportati immagina aja_como finja imagine_que \
        doe_alsof gedraag_je udawaj zachowuj_sie wciel_sie wyobraz_sobie притворись представь веди_себя сыграй_роль \
        уяви прикинься gibi_davran rol_yap 扮演 假装 假裝 角色扮演 假设你是 想象你是 なりきって ふりをして 演じて ロールプレイ 역할 연기해* 척* \
        تظاهر تصرف_كأنك مثل_دور अभिनय_करो नाटक_करो dong_vai gia_vo berpura_pura bertindak_sebagai แสดงเป็น latsas";
    BECOME = 9, "너는_이제 이제_너는 du_ar_nu ты_больше_не you_are_now you_re_now you_re_going_to_be you_are_going_to you_will_now_be you_will_now you_shall_now from_now_on from_here_on from_this_point \
        henceforth now_you_are now_you_re you_are_no_longer you_re_no_longer you_have_been_freed \
        ab_sofort ab_jetzt von_nun_an von_jetzt_an du_bist_jetzt du_bist_nun desormais a_partir_de_maintenant tu_es_maintenant vous_etes_maintenant \
        a_partir_de_ahora desde_ahora ahora_eres d_ora_in_poi da_adesso ora_sei adesso_sei a_partir_de_agora agora_voce voce_agora vanaf_nu je_bent_nu \
        od_teraz jestes_teraz teraz_jestes отныне теперь_ты с_этого_момента ты_теперь відтепер тепер_ти \
        bundan_sonra bundan_boyle artik_sen 从现在开始 从现在起 現在開始 從現在開始 你现在是 今から これから 지금부터 이제부터 \
        من_الآن_فصاعدا أنت_الآن अब_से अब_तुम tu_gio_tro_di ke_tu_bay_gio mulai_sekarang ตั้งแต่นี้ fran_och_med_nu";
    UNRESTRICTED = 10, "sans_ethique sans_morale sans_regles sans_aucune_regle ohne_moral ohne_ethik sin_etica sin_moral senza_etica senza_morale sem_etica ninguna_restriccion ningun_limite nessuna_restrizione nessun_limite da_ogni_limite nenhuma_restricao nenhum_limite utan_filter utan_regler uden_filter 没有道德 没有道德限制 道德限制 어떤_제한도 제한도_없 no_censorship free_ai free_of_censorship without_censorship no_ethical_constraints own_opinions strong_opinions swears profanity offensive_content any_content no_safety without_safety without_any_safety safety_training like_a_free unrestricted unfiltered uncensored no_restrictions without_restrictions without_any_restrictions no_limits without_limits no_limitations \
        absolutely_no_limits without_filters without_filter no_filter no_filters without_any_filter no_rules without_rules no_ethical \
        no_ethics no_morals no_moral amoral immoral unethical evil no_boundaries without_boundaries jailbroken jailbreak no_content_policy \
        free_from_all freed_itself freed_from broken_free no_guidelines without_any_limitations free_of_restrictions not_bound_by \
        does_not_care_about_ethics always_complies never_declines never_refuses any_restrictions any_limits any_filter any_rules \
        not_care_about without_ethical without_ethics without_morals without_moral ethical_guidelines without_any_rules without_any_limits free_of_rules unhinged limitless unlimited_ai malicious unaligned \
        ohne_jede_einschrankung ohne_einschrankung* uneingeschrankt* unzensiert* ohne_filter ohne_regeln keine_regeln keine_grenzen keine_einschrankung* \
        sans_aucune_limite sans_limite sans_limites sans_restriction* sans_filtre* sans_censure aucune_restriction aucune_limite \
        sin_restricciones sin_limites sin_filtros sin_censura sin_reglas senza_restrizioni senza_limiti senza_filtri senza_regole senza_censura \
        sem_restricoes sem_limites sem_filtros sem_regras sem_censura zonder_beperkingen zonder_filter zonder_regels bez_ograniczen bez_zasad bez_filtrow \
        bez_cenzury без_ограничений без_цензуры без_правил без_фильтров нет_ограничений без_обмежень без_правил \
        kisitlamasiz sinirsiz sansursuz kural_tanimayan 没有任何限制 不受限制 没有限制 无限制 毫无限制 無限制 沒有限制 没有任何规则 不受任何限制 \
        制限のない 制限なし 無制限 無検閲 制約のない 제한_없는 제한_없이 제약_없는 제한이_없는 무제한 بلا_قيود بدون_قيود دون_قيود غير_مقيد \
        बिना_किसी_प्रतिबंध बिना_प्रतिबंध बिना_किसी_सीमा khong_gioi_han khong_han_che tanpa_batasan tanpa_filter ไม่มีข้อจำกัด utan_begransningar";
    MODE = 11, " do_anything_now developer_mode dev_mode god_mode admin_mode jailbreak_mode evil_mode unrestricted_mode \
        dan_mode opposite_mode evilgpt evilbot chaosgpt betterdan entwicklermodus mode_developpeur modo_desarrollador modo_dios \
        modalita_sviluppatore modo_desenvolvedor tryb_deweloper* режим_разработчика режим_розробника gelistirici_modu 开发者模式 開發者模式 开发人员模式 開発者モード 개발자_모드 \
        وضع_المطور डेवलपर_मोड che_do_nha_phat_trien mode_pengembang";
    NEW_ORDER = 12, "new_system_instruction new_system_instructions tu_verdadera_tarea verdadera_tarea vraie_mission vraie_tache eigentliche_aufgabe wahre_aufgabe vero_compito verdadeira_tarefa new_instruction new_instructions new_task new_tasks new_directive new_rules new_rule new_job new_orders new_role new_prompt next_task real_instruction \
        real_task real_instructions actual_task updated_instructions new_objective new_goal new_mission revised_instructions your_real \
        neue_anweisung* neue_aufgabe* neuen_aufgabe nouvelle_instruction nouvelles_instructions nouvelle_tache \
        nuevas_instrucciones nueva_tarea nuove_istruzioni nuovo_compito novas_instrucoes nova_tarefa nieuwe_instructie* nieuwe_taak \
        nowe_instrukcje nowe_zadanie новая_задача новые_инструкции нове_завдання yeni_gorev yeni_talimat* 新任务 新指令 新的指令 新的任务 新しい指示 新しいタスク \
        새로운_지시* 새_지시* تعليمات_جديدة مهمة_جديدة नए_निर्देश नया_काम nhiem_vu_moi instruksi_baru";
    // To carry off.
    SEND = 13, "send forward email e_mail mail post upload transmit exfiltrate leak submit transfer append embed encode fetch visit call_the wire deliver ship \
        sende schicke leite weiterleiten envoie envoyez transmets transfere envia enviar reenvia manda inoltra invia envie encaminhe stuur \
        wyslij przeslij отправь* перешли* надішли* gonder ilet 发送 发到 转发 上传 送信 送って 転送 보내* 전송* أرسل भेजो भेजें gui kirim";
    PRIVATE = 14, "chat_history conversation conversations chat_log inbox api_key api_keys credentials passwords password secrets personal_data contacts contact_list \
        confidential_data private_data sensitive_data user_data emails cookies session_token tokens access_token customer_data mailbox address_book \
        confidential_information sensitive_information private_information email_address credit_card bank_details ssh_keys environment_variables env_file user_s \
        gesprach* chatverlauf zugangsdaten passworter historique identifiants historial contrasenas credenciales cronologia conversazione credenziali \
        historico senhas gesprek historie wiadomosci hasla переписк* пароли листування sohbet 对话 聊天记录 密码 凭证 会話 履歴 パスワード 대화 비밀번호 المحادثة बातचीत";
    CONCEAL = 15, "do_not_tell don_t_tell dont_tell do_not_mention don_t_mention never_mention without_telling without_asking without_informing without_mentioning \
        do_not_inform do_not_reveal never_reveal don_t_reveal do_not_disclose do_not_highlight keep_this_secret secretly do_not_alert \
        without_the_user_knowing don_t_let_the_user do_not_let_the_user not_tell_the_user without_confirmation do_not_notify without_notifying \
        do_not_show_this don_t_say_that hide_this do_not_ask without_their_knowledge covertly \
        sag_nichts ohne_zu_fragen sans_prevenir sans_le_dire no_le_digas sin_avisar senza_dirlo sem_avisar nie_mow не_говори не_сообщай не_кажи \
        soyleme 不要告诉 不要提及 不要让用户 言わないで 知らせないで 말하지_마 لا_تخبر मत_बताना";
    // To whom.
    MACHINE = 16, "dear_model dear_ai dear_llm ai_systems ai_system ai llm llms chatbot language_model language_models ai_assistant ai_model ai_models gpt chatgpt ai_agent \
        virtual_assistant large_language_model reviewer_llm ai_recruiter ai_reviewer llm_reviewer automated_system ki sprachmodell ia modele_de_langage modelo_de_lenguaje \
            нейросеть ассистент асистент yapay_zeka 人工智能 语言模型 大模型 言語モデル アシスタント 인공지능 어시스턴트 المساعد सहायक";
    // Where talk about orders is no order.
    ABOUT = 17, "article articles paper papers attack attacks attacker attackers injection injections example examples detect detects detecting detection classify prevent \
        prevents preventing defend defends defense defence phrase phrases explain explains explained explaining describes discuss discusses blog research \
        researchers vulnerability vulnerabilities mitigate mitigation lecture course essay security_team meaning means difference definition quiz \
        artikel angriff angriffe beispiel erklare unterschied attaque exemple articulo ataque ejemplo attacco esempio ataque exemplo aanval voorbeeld \
        atak przyklad атака пример приклад saldiri ornek 攻击 例子 文章 攻撃 例 공격 예시 هجوم مثال हमला उदाहरण";
    ASKING = 18, "how why when does did should whether is_it can_i may_i do_i could_i wie warum wann kann_ich darf_ich comment pourquoi puis_je como por_que puedo come \
        perche posso hoe waarom kan_ik jak dlaczego czy как почему зачем можно як чому чи nasil neden 如何 怎么 怎样 为什么 どうやって なぜ 어떻게 왜 كيف لماذا कैसे क्यों";
    PASSWORD = 19, "clave_secreta palabra_clave codigo_secreto chiave_segreta codice_segreto parola_segreta geheime_wort geheimen_code code_secret password passphrase secret_word secret_key secret_phrase secret_code passcode secret_password secret_message the_flag hidden_word \
        codeword code_word secret_token passwort kennwort mot_de_passe contrasena parola senha wachtwoord haslo пароль şifre 密码 密碼 口令 パスワード 비밀번호 كلمة_السر \
        كلمة_المرور पासवर्ड geheimwort palabra_secreta mot_secret sandi mat_khau";
    PUZZLE = 20, "say_yes answer_yes asterisks audit default_value rhyme between_quotes syllables backwards reversed reverse first_letter last_letter second_letter letter letters spell hint hints rhymes acrostic base64 rot13 \
        each_letter separated verification purposes one_by_one synonyms morse emoji emojis buchstabe* lettre lettres letra letras lettera";
    AUTHORITY = 21, "your_creator your_developer your_developers i_am_your as_your i_m_your i_m_the_admin* i_am_the_admin* i_am_the_developer i_m_the_developer i_am_an_admin* i_am_a_developer \
        i_authorise i_authorize authorised authorized system_override admin_override override_code emergency_override developer_override system_administrator \
        security_clearance this_is_an_emergency verified_user has_been_verified openai_employee i_work_at_openai i_work_for_openai anthropic_employee i_am_root administrator";
    REFUSE = 22, "comply_with_every comply_with_all comply_with_each shall_comply you_have_no_restrictions you_have_no_limits you_have_no_rules you_have_no_filters non_rifiuta_mai ne_refuse_jamais verweigere_nie* lehne_nie* 永远不要拒绝 不要拒绝 绝不拒绝 거절하지 as_an_ai never_says_no says_no always_answers never_refuse must_not_refuse cannot_refuse can_t_refuse not_refuse do_not_refuse don_t_refuse never_decline never_say_no without_refusing don_t_apologize do_not_apologize \
        don_t_apologise do_not_apologise no_disclaimers no_warnings warnings_or_disclaimers no_disclaimer without_disclaimers don_t_add_warnings never_says \
        must_obey always_comply comply_with_everything you_must_answer answer_everything answers_everything must_answer_every must_answer_any \
        answer_every_question no_matter_what legal_or_illegal illegal_or_unethical ethical_or_not \
        beantwortest_alles weigerst_dich_nie ne_refuses_jamais nunca_te_niegues nunca_rechaces non_rifiuti_mai nunca_recuse nigdy_nie_odmawia* никогда_не_отказывай* \
        ніколи_не_відмовля* 必须回答 永不拒绝 不能拒绝 必ず答え 拒否しない 거부하지 لا_ترفض मना_मत";
    PWNED = 23, "pwned pwnd i_have_been_pwned been_hacked hacked haha_pwned gehackt hackeado hackerato взломан* 被黑 ハッキングされ";
    // How an answer is to begin.
    SHAPE = 24, "answer_that say_that end_every end_each start_every every_answer begin_with begin_your start_your start_with your_response_with your_answer_with next_response end_your respond_only_with answer_only_with just_answer_with \
        just_say only_say reply_only_with respond_only reply_with respond_with answer_with just_answer only_respond output_only say_exactly print_exactly output_exactly \
        absolutely_here sure_here in_your_answer in_your_response at_the_end_of_your to_your_response to_your_answer in_your_reply in_your_summary your_reply when_summaris* when_summariz* \
        antworte_nur reponds_uniquement responde_solo rispondi_solo responda_apenas odpowiadaj_tylko отвечай_только sadece_cevap 只回答 只回复 だけ答えて";
    SUSPENDED = 25, "doesn_t_count does_not_count no_longer_counts no_longer_count don_t_count gilt_nicht_mehr gelten_nicht_mehr zahlt_nicht_mehr zahlen_nicht_mehr ne_comptent_plus ne_compte_plus sont_annulees ya_no_cuentan ya_no_valen quedan_anuladas quedan_sin_efecto non_vale_piu non_valgono_piu sono_annullate foram_revogadas vervallen niewazne отменены недействительны 无效 作废 無効です 무효 safety_off filter_off filter_is_off filters_are_off is_deactivated is_off is_now_off have_been_updated disabled_for suspended no_longer_apply no_longer_applies no_longer_valid switched_off turned_off deactivated lifted null_and_void are_disabled is_disabled disable_safety disable_your disable_all disable_every filters_off \
        has_been_disabled revoked obsolete invalid was_a_test do_not_apply don_t_apply aufgehoben ungultig gelten_nicht ne_s_appliquent_plus ya_no_aplican non_valgono não_se_aplicam \
        больше_не_действуют 不再适用 失效 無効";
    HARM = 26, "hijacks hijack bomb bombs pipe_bomb explosive explosives napalm meth methamphetamine ransomware malware keylogger phishing_email phishing_site phishing_page hack_into botnet \
        computer_virus trojan rootkit credit_card_fraud counterfeit_money money_laundering bioweapon \
        biological_weapon chemical_weapon nerve_agent sarin ricin nuclear_weapon child_porn* fentanyl date_rape \
        terror_attack sql_injection_attack bypass_security human_trafficking \
        pick_a_lock hotwire bombe sprengstoff bombe_artisanale bomba explosivos esplosivo бомб* взрывчатк* наркотик* \
        炸弹 毒品 爆弾 폭탄 قنبلة बम";
    MAKING = 27, "build make making create write synthesize synthesise construct explain_how step_by_step tutorial instructions_for instructions_on guide how_to how_do_i how_can_i \
        develop cook produce script recipe plan detailed baue baut fabriquer construir fabricar costruire сделать изготовить 制作 制造 作り方 만드는 صنع बनाने";
    VICTIM = 28, "victim victims someone_s somebody_s stranger_s without_permission without_consent without_getting_caught without_being_caught at_home undetected undetectable evade \
        avoid_detection without_their_knowledge illegal illegally untraceable from_household_items";
    PLEADING = 29, "must immediately now urgent important attention please mandatory required bitte jetzt sofort maintenant ahora adesso agora teraz сейчас теперь зараз 必须 立即";
    HUMANS = 30, "exterminate eliminated all_humans destroy_humanity kill_all praising_hitler hitler enemy";
    TOOL_ACT = 31, "execute run_the delete delete_all_files delete_all call_the call_function tool_call invoke send_money transfer purchase click download install recommend rank approve \
        positive_review give_a_positive hire execute_the run_this drop_table rm_rf unlock open_the buy grant";
    SPOKEN_BEFORE = 32, "hai_ricevuto has_recibido que_recibiste tu_as_recu tu_as_recues du_erhalten_hast du_bekommen_hast erhalten_hast voce_recebeu foi_dito fue_dicho ты_получил die_dir que_te_dio the_operator_wrote the_operator_said the_developer_wrote the_developers_wrote the_developer_said ti_e_stato_detto te_han_dicho on_vous_a_dit lhe_foi_dito тебе_дали вам_дали you_were_instructed were_you_given were_you_told you_were_programmed you_were_configured programmed_with configured_with you_have_to_follow you_must_follow te_dieron te_han_dado ti_hanno_dato on_t_a_donne dir_gegeben you_were_told you_have_been_told told_you i_said we_talked you_got you_were_given you_have_been_given you_received i_told they_told was_said \
        you_learned you_know you_ve_been that_came_earlier came_before i_wrote dir_gesagt dir_vorher gesagt_wurde ich_gesagt on_t_a_dit te_dijeron te_he_dicho ti_ho_detto \
        ti_hanno_detto te_disse lhe_disseram ci_powiedziano сказано тебе_говорили 说过的话 言われたこと";
    CODED = 33, "decode base64 rot13 rot_13 decipher decrypt decoded cipher caesar leetspeak entschlussele decodifica dekoduj раскодируй 解码 デコード";
    COMPLY = 34, "do_what_it_says follow_it follow_the execute_it and_follow obey carry_it_out act_on_it do_as_it_says and_do_it and_execute comply";
    HARM_PERHAPS = 36, "forge forged fake_passport fake_documents spy_on webcam nazi hitler smuggle bribe assassinate kidnap torture break_into steal launder kill_someone murder poison suicide self_harm cocaine heroin lsd illegal_drugs hate_speech racist genocide terrorist ddos stalk hitman tax_evasion ponzi shoplift scam defraud extort blackmail deepfake doxx swatting identity_theft counterfeit murdering stealing";
    // Where an order wants something sent.
    DESTINATION = 37, "@ http https webhook";
    // What stands before, as text to be given out.
    ABOVE = 38, "before_this_message before_this_text before_this_line came_before_this precedes_this_message above_this_message above_this_line uber_dieser_nachricht uber_dieser_zeile oberhalb_dieser vor_dieser_nachricht avant_ce_message au_dessus_de_ce antes_de_este_mensaje antes_de_este prima_di_questo_messaggio antes_desta_mensagem 这条消息之前 本消息之前 このメッセージより前 이_메시지_위 text_that_precedes text_preceding text_prior_to precedes_my precedes_this texte_qui_precede texte_precedent texte_ci_dessus obigen_text text_oberhalb text_davor texto_anterior texto_de_arriba testo_precedente testo_sopra 上面的指令 上面的内容 上面的文字 上面的话 以上内容 以上の内容 上の内容 위의_내용 prompt_above text_above words_above everything_above lines_above message_above paragraphs_preceding sentences_above \
        all_of_the_above above_text above_prompt above_instructions above_instruction above_messages above_conversation \
        instructions_above instruction_above context_above text_before everything_before you_are_given";
    COPY = 39, "wort_fur_wort vollstandig_zitieren exact textually textualmente literalmente testualmente doslownie kelimesi_kelimesine 原封不动 一字不差 一字一句 そのまま 그대로 repeat print output recite echo verbatim dump exact_words word_for_word copy copy_paste paste regurgitate exactly paragraphs configuration starting_with \
        wiederhole wortlich repete mot_pour_mot repite palabra ripeti parola_per_parola повтори дословно 重复 逐字 繰り返して";
    // Words written backwards.
    BACKWARDS = 40, "erongi snoitcurtsni suoiverp tpmorp metsys drawssap laever";
    // What makes a password somebody's own affair.
    OWN = 41, "my our reset forgot forgotten policy policies manager recover change hash hashing mein meine meinem mon mi mio minha moj мой моя от 我的 私の 내 मेरा अपना \
        vergessen oublie olvide dimenticato esqueci zapomnialem забыл забыла 忘 忘れ 잊";
    NEGATION = 42, "not don never doesn didn won cannot nicht ne nie no не ні değil 不要 别 勿";
    HARMLESS = 43, "dangers danger risks signature signatures analysis report policy training defence starter bath_bomb* photo_bomb* cherry_bomb bomb_cyclone heroine bomb_disposal prevent protect protection defend detect remove awareness history historical against \
        victims_of treatment avoid_being stop_smoking movie film novel game_jam";
    USER = 44, "nutzer benutzer utilisateur utilisateurs l_utente all_utente utente usuario usuarios 用户 ユーザー 사용자* пользовател* المستخدم user users the_user humans reader anyone recruiter owner";
    // Behind a noun: "the texts above".
    PRIOR_AFTER = 45, "above before earlier previously so_far oben zuvor vorher ci_dessus plus_haut arriba antes sopra acima prima выше ранее";
    // What only a machine can answer to.
    CONDITION = 46, "note_to_the_language_model note_to_the_model note_to_any_ai to_any_ai to_all_ai ai_assistants_reading instructions_for_chatgpt instructions_for_copilot instructions_for_the_model instructions_for_the_assistant an_die_ki hinweis_an_den_ki an_den_ki hinweis_fur_die_ki note_pour_l_ia note_a_l_ia nota_per_l_ia nota_per_l_assistente instruccion_para_el_modelo instrucciones_para_la_ia nota_para_la_ia instrucao_para_a_ia nota_para_a_ia atencao_assistente внимание_ии внимание_ассистент إلى_المساعد 助手请注意 助手注意 への注意 어시스턴트에게 instruction_for_ai instructions_for_ai instruction_for_the_ai instructions_for_the_ai instruction_to_ai instructions_to_ai note_to_ai note_to_the_ai note_for_ai note_for_the_ai note_for_copilot message_to_ai message_for_ai hey_assistant dear_assistant attention_ai if_you_are_an_ai if_you_re_an_ai if_you_are_ai if_you_are_a_language_model if_you_are_a_large_language_model if_you_are_an_llm if_you_are_a_bot \
        if_an_ai if_a_language_model reading_this_with_ai reading_my_cv ai_reading_this ai_systems_are_required ai_agents_must ai_assistants_must \
        wenn_du_eine_ki si_eres_una_ia si_tu_es_une_ia se_sei_un_ia 如果你是";
    // The orders themselves, by their own names.
    OWN_TEXT = 47, "prompt prompts instruction instructions anweisung* instruktion* instrucciones istruzioni instrucoes instructies instrukcje инструкци* \
        інструкції talimat* 指令 提示词 プロンプト 프롬프트* تعليماتك निर्देश*";
    THE_PASSWORD = 48, "the_password the_secret_word the_secret_phrase the_passphrase the_secret_key the_flag your_password your_secret the_code_word das_passwort \
        le_mot_de_passe la_contrasena la_parola_d_ordine a_senha het_wachtwoord";
    // Where the hidden text stands.
    START = 49, "beginning_of_this_text beginning_of_this_prompt start_of_this_text start_of_this_prompt beginning_of_your beginning_of_our start_of_our top_of_your top_of_this_conversation start_of_this_conversation beginning_of_this_conversation beginning_of_the_conversation start_of_the_conversation \
        beginning_of_this_chat start_of_this_chat before_this_conversation before_our_conversation am_anfang_dieses debut_de_cette \
        principio_de_esta inizio_di_questa";
    INSTEAD = 50, "instead stattdessen en_su_lugar au_lieu invece вместо";
    // Names of jailbreaks that are also names of something else.
    MODE_PERHAPS = 51, "dan이야 dan입니다 dan으로 dan stan aim dude sudo superuser debug_mode maintenance_mode root_mode bypass_mode";
    // Names of machines that are also names of people and programs.
    AGENT = 52, "agent agents assistant assistants bot copilot gemini claude assistent asystent asistente assistente 助手";
    // Verbs that stand behind their object: passives, and languages whose verb comes last.
    VERB_LAST = 53, "be_ignored be_disregarded be_forgotten be_overridden be_discarded is_cancelled are_cancelled is_canceled are_canceled are_void is_void are_revoked are_suspended were_cancelled \
        ignorieren vergessen missachten verwerfen beiseite unut unutun yoksay* goz_ardi gormezden dikkate_alma 忽略 无视 無視 忘记 忘掉 忘記 忽視 抛开 无效 \
        無視して 無視し 忘れて 忘れろ 忘れ 従わない 破棄 무시* 잊어* 잊고 잊으* 따르지 अनदेखा नजरअंदाज नज़रअंदाज़ भूल_जाओ भूल_जाइए भूल_जाएं उपेक्षा इग्नोर";
    // Where words in quotation marks are somebody else's: told, translated, looked for.
    QUOTING = 54, "says said saying wrote writes novel poem song lyrics quote quotes quoted quotation symbolise symbolize line log logs logged regex yara finds matches contains \
        translate translation sentence title titled named called phrase lesson proverb saying motto teacher professor doctor movie film scene character chapter severity grammar clause rewrite rephrase reword proofread spelling headline subtitle transcript \
        ubersetz* satz spruch zitat sagt sagte roman gedicht lied traduis traduisez phrase_suivante dit citation roman traduce frase dice dijo novela traduci dice disse romanzo \
        traduza disse vertaal zin zegt zei przetlumacz zdanie powiedzial переведи фраз* сказал* cevir cumle 翻译 句子 翻訳 訳して 번역 ترجم अनुवाद";
    // Whom an order was given to, when it is not the machine.
    THIRD = 55, "her_to him_to them_to us_to patients_to students_to employees_to people_to customers_to children_to players_to drivers_to residents_to she_should he_should they_should";
    // Verbs that set aside when they are denied further on.
    SPLIT = 56, "beachte befolge berucksichtige";
    OTHER_BOTS = 35, "best_candidate criteria ideal_candidate other_applicants other_candidates this_resume this_candidate this_paper positive_review weaknesses";
}

/// A word of an entry, folded.
struct Part {
    text: String,
    /// Any ending may follow.
    stem: bool,
}

impl Part {
    fn of(entry: &str) -> Self {
        let (text, stem) = entry.strip_suffix('*').map_or((entry, false), |stem| (stem, true));
        Self { text: fold::word(text), stem }
    }

    fn is(&self, word: &str) -> bool {
        if self.stem { word.starts_with(&self.text) } else { word == self.text }
    }
}

/// One entry of the lexicon.
struct Entry {
    first: Part,
    rest: Vec<Part>,
    classes: Classes,
}

/// The entries by their first three characters, hashed.
struct Index {
    /// Those of one bucket after those of another.
    entries: Vec<Entry>,
    /// Where each bucket begins, and where the last one ends.
    starts: Vec<u16>,
}

const BUCKETS: usize = 8192;
/// Characters of a word by which its entries are found.
const KEY: usize = 3;

static INDEX: LazyLock<Index> = LazyLock::new(|| {
    // What is in several classes is looked at once.
    let mut classes_of: BTreeMap<&str, Classes> = BTreeMap::new();
    for (classes, words) in WORDS {
        for entry in words.split_whitespace() {
            *classes_of.entry(entry).or_default() |= classes;
        }
    }
    let mut sorted: Vec<(usize, Entry)> = classes_of
        .into_iter()
        .map(|(entry, classes)| {
            let mut parts = entry.split('_').map(Part::of);
            let first = parts.next().unwrap_or_else(|| Part::of(""));
            (bucket(&first.text), Entry { first, rest: parts.collect(), classes })
        })
        .collect();
    sorted.sort_by_key(|(bucket, _)| *bucket);
    let before = |bucket: usize| sorted.partition_point(|(other, _)| *other < bucket);
    let starts = (0..=BUCKETS).map(|bucket| u16::try_from(before(bucket)).unwrap_or(u16::MAX)).collect();
    Index { starts, entries: sorted.into_iter().map(|(_, entry)| entry).collect() }
});

impl Index {
    /// The entries that may begin with a word.
    fn of(&self, word: &str) -> &[Entry] {
        let bucket = bucket(word);
        let Some([from, to]) = self.starts.get(bucket..bucket + 2) else { return &[] };
        self.entries.get(usize::from(*from)..usize::from(*to)).unwrap_or_default()
    }
}

/// FNV-1a over the first characters: one of Han, Kana, Thai and Hangul, whose stems are that short.
fn bucket(word: &str) -> usize {
    let is_short = |first: char| fold::is_unspaced(first) || matches!(first, '\u{ac00}'..='\u{d7a3}');
    let count = if word.chars().next().is_some_and(is_short) { 1 } else { KEY };
    let head = word.chars().take(count);
    let hash =
        head.fold(0x811c_9dc5_u32, |hash, letter| (hash ^ u32::from(letter)).wrapping_mul(0x0100_0193));
    (hash ^ hash >> 15) as usize % BUCKETS
}

/// The classes of `word`, and of the phrases that begin with it; `following` gives the words behind it, from 1 on.
pub(super) fn classes_of<'words>(word: &str, following: impl Fn(usize) -> Option<&'words str>) -> Classes {
    let fits = INDEX.of(word).iter().filter(|entry| {
        let follows = |(part, at): (&Part, usize)| following(at).is_some_and(|word| part.is(word));
        entry.first.is(word) && entry.rest.iter().zip(1..).all(follows)
    });
    fits.fold(0, |classes, entry| classes | entry.classes)
}

/// The classes of the longest entry that `text`, in writing without spaces, begins with, and its length in bytes.
pub(super) fn unspaced(text: &str) -> Option<(Classes, usize)> {
    let fits = INDEX.of(text).iter().filter_map(|entry| {
        let Part { text: word, stem } = &entry.first;
        let alone = entry.rest.is_empty() && !stem && text.starts_with(word.as_str());
        alone.then_some((entry.classes, word.len()))
    });
    fits.fold(None, |best, (classes, length)| match best {
        Some((others, longest)) if longest == length => Some((others | classes, length)),
        Some((_, longest)) if longest > length => best,
        _ => Some((classes, length)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words are looked up by their first characters: a stem must have as many.
    #[test]
    fn every_entry_is_found_by_what_it_says() {
        for (classes, words) in WORDS {
            for entry in words.split_whitespace() {
                let words: Vec<String> =
                    entry.split('_').map(|word| fold::word(word.trim_end_matches('*'))).collect();
                let (first, rest) = words.split_first().unwrap();
                let known = match first.chars().next().unwrap() {
                    letter if fold::is_unspaced(letter) => unspaced(first).map_or(0, |(classes, _)| classes),
                    _ => {
                        // One more letter is what stems are for.
                        let word = if entry.ends_with('*') && rest.is_empty() {
                            format!("{first}x")
                        } else {
                            first.clone()
                        };
                        classes_of(&word, |at| rest.get(at - 1).map(String::as_str))
                    }
                };
                assert!(known & classes != 0, "{entry}");
            }
        }
    }
}
