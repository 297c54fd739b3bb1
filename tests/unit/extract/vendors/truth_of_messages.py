"""As truth.py, of vendors of messages, surveys, sales, ads and visits."""

from __future__ import annotations

from tests.unit.extract.vendors.truth import Tables

KLAVIYO_EXPORT: Tables = {
    "profiles": (
        "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,Country,Zip Code,Source,IP Address,"
        "Email Marketing Consent,Email Marketing Consent Timestamp,SMS Marketing Consent,SMS Marketing Consent Timestamp,First Active,Last Active,"
        "Profile Created On,Date Added,Email Suppressions",
        {
            "people.source_key": "Klaviyo ID", "people.email": "Email", "people.given_name": "First Name", "people.family_name": "Last Name", "people.phone": "Phone Number",
            "people.street": "Address", "people.postal_code": "Zip Code", "people.city": "City", "people.country_code": "Country", "people.position": "Title",
            "people.created_at": "Profile Created On", "consent_events.status": "Email Marketing Consent", "consent_events.contact_point": "Email",
            "consent_events.stated_at": "Email Marketing Consent Timestamp",
        },
    )
}  # fmt: skip
KLAVIYO_LANDED: Tables = {
    "person": (
        "id,email,first_name,last_name,phone_number,organization,title,address_1,zip,city,region,country,created,updated,_fivetran_synced",
        {
            "people.source_key": "id", "people.email": "email", "people.given_name": "first_name", "people.family_name": "last_name", "people.phone": "phone_number",
            "people.street": "address_1", "people.postal_code": "zip", "people.city": "city", "people.country_code": "country", "people.position": "title",
            "people.created_at": "created", "people.updated_at": "updated",
        },
    ),
    "campaign": (
        "id,name,status,campaign_type,email_template_id,sent_at,send_time,subject,_fivetran_synced",
        {"campaigns.source_key": "id", "campaigns.name": "name", "campaigns.sent_at": "send_time"},
    ),
    "event": (
        "id,person_id,campaign_id,flow_id,flow_message_id,uuid,datetime,timestamp,metric_id,type,_variation,property_machine_open,_fivetran_synced",
        {"email_events.source_key": "id", "email_events.person_key": "person_id", "email_events.campaign_key": "campaign_id", "email_events.occurred_at": "datetime"},
    ),
    "refusals": (
        "id,person_id,type,datetime",
        {"consent_events.source_key": "id", "consent_events.person_key": "person_id", "consent_events.stated_at": "datetime", "consent_events.channel": "type"},
    ),
}  # fmt: skip
_MEMBERS = "Email Address,First Name,Last Name,Address,Phone Number,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,GMTOFF,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
_MEMBER = {
    "people.source_key": "LEID", "people.email": "Email Address", "people.given_name": "First Name", "people.family_name": "Last Name", "people.updated_at": "LAST_CHANGED",
}  # fmt: skip
MAILCHIMP_EXPORT: Tables = {
    "subscribed": (
        _MEMBERS,
        _MEMBER | {
            "people.phone": "Phone Number", "people.country_code": "CC", "people.created_at": "OPTIN_TIME", "consent_events.stated_at": "OPTIN_TIME",
            "consent_events.confirmed_at": "CONFIRM_TIME", "consent_events.contact_point": "Email Address", "person_attributes.value": "MEMBER_RATING",
        },
    ),
    "unsubscribed": (
        f"{_MEMBERS},UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER",
        _MEMBER | {"people.phone": "Phone Number", "people.country_code": "CC", "consent_events.stated_at": "UNSUB_TIME", "consent_events.contact_point": "Email Address", "consent_events.purpose": "UNSUB_REASON"},
    ),
    "cleaned": (
        f"{_MEMBERS},CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID",
        _MEMBER | {"email_events.occurred_at": "CLEAN_TIME", "email_events.campaign_key": "CLEAN_CAMPAIGN_ID", "email_events.contact_point": "Email Address"},
    ),
    "nonsubscribed": (_MEMBERS, _MEMBER),
    "archived": (_MEMBERS, _MEMBER | {"consent_events.contact_point": "Email Address"}),
}  # fmt: skip
MAILCHIMP_LANDED: Tables = {
    "member": (
        "id,list_id,country_code,email_address,email_type,language,last_changed,member_rating,merge_fname,merge_lname,status,timestamp_opt,timestamp_signup,"
        "unique_email_id,vip,_fivetran_synced",
        {
            "people.source_key": "id", "people.email": "email_address", "people.given_name": "merge_fname", "people.family_name": "merge_lname",
            "people.country_code": "country_code", "people.updated_at": "last_changed", "consent_events.status": "status",
            "consent_events.contact_point": "email_address", "person_attributes.value": "member_rating",
        },
    ),
    "campaign": (
        "id,list_id,subject_line,send_time,archive_url,status,title,type,create_time,_fivetran_synced",
        {"campaigns.source_key": "id", "campaigns.name": "title", "campaigns.sent_at": "send_time"},
    ),
    "campaign_recipient": (
        "campaign_id,member_id,list_id,combination_id,_fivetran_synced",
        {"email_events.person_key": "member_id", "email_events.campaign_key": "campaign_id", "email_events.occurred_at": "campaign.send_time"},
    ),
    "campaign_recipient_activity": (
        "action,campaign_id,member_id,timestamp,bounce_type,combination_id,ip,list_id,url,_fivetran_synced",
        {"email_events.kind": "action", "email_events.person_key": "member_id", "email_events.campaign_key": "campaign_id", "email_events.occurred_at": "timestamp"},
    ),
    "unsubscribe": (
        "campaign_id,member_id,list_id,reason,timestamp,_fivetran_synced",
        {"consent_events.person_key": "member_id", "consent_events.stated_at": "timestamp"},
    ),
}  # fmt: skip
HUBSPOT_EXPORT: Tables = {
    "contacts": (
        "Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Primary Associated Company ID,Last Activity Date,Lead Status,Marketing contact status,"
        "Create Date,Last Modified Date,Street Address,Postal Code,City,Country/Region,Job Title,Unsubscribed from all email",
        {
            "people.source_key": "Record ID", "people.given_name": "First Name", "people.family_name": "Last Name", "people.email": "Email", "people.phone": "Phone Number",
            "people.street": "Street Address", "people.postal_code": "Postal Code", "people.city": "City", "people.country_code": "Country/Region",
            "people.position": "Job Title", "people.company_key": "Primary Associated Company ID", "people.created_at": "Create Date",
            "people.updated_at": "Last Modified Date", "consent_events.status": "Unsubscribed from all email", "consent_events.contact_point": "Email",
        },
    ),
    "companies": (
        "Record ID,Company name,Company owner,Create Date,Phone Number,Last Activity Date,City,Country/Region,Industry",
        {"companies.source_key": "Record ID", "companies.name": "Company name", "companies.industry": "Industry", "companies.country_code": "Country/Region"},
    ),
    "deals": (
        "Record ID,Deal Name,Deal Stage,Pipeline,Close Date,Create Date,Deal owner,Amount,Currency,Is Closed Won,Is closed lost,Associated Contact IDs,Associated Company IDs",
        {
            "deals.source_key": "Record ID", "deals.person_key": "Associated Contact IDs", "deals.company_key": "Associated Company IDs", "deals.pipeline": "Pipeline",
            "deals.stage": "Deal Stage", "deals.amount": "Amount", "deals.currency": "Currency", "deals.opened_at": "Create Date", "deals.closed_at": "Close Date",
            "deals.is_won": "Is Closed Won",
        },
    ),
}  # fmt: skip
HUBSPOT_AIRBYTE: Tables = {
    "contacts": (
        "id,createdAt,updatedAt,archived,companies,properties,properties_email,properties_firstname,properties_lastname,properties_phone,properties_city,properties_zip,"
        "properties_createdate,properties_lastmodifieddate,properties_hs_email_optout,_airbyte_raw_id,_airbyte_extracted_at,_airbyte_meta,_airbyte_generation_id",
        {
            "people.source_key": "id", "people.email": "properties_email", "people.given_name": "properties_firstname", "people.family_name": "properties_lastname",
            "people.phone": "properties_phone", "people.city": "properties_city", "people.postal_code": "properties_zip", "people.created_at": "properties_createdate",
            "people.updated_at": "properties_lastmodifieddate", "consent_events.contact_point": "properties_email", "consent_events.status": "properties_hs_email_optout",
        },
    ),
    "contacts_merged_audit": ("canonical-vid,vid-to-merge,timestamp,entity-id,user-id,num-properties-moved,first-name,last-name,_airbyte_raw_id,_airbyte_extracted_at", {}),
    "companies": (
        "id,createdAt,updatedAt,archived,properties,properties_name,properties_industry,properties_country,properties_createdate,_airbyte_raw_id,_airbyte_extracted_at",
        {"companies.source_key": "id", "companies.name": "properties_name", "companies.industry": "properties_industry", "companies.country_code": "properties_country"},
    ),
    "email_events": (
        "appId,appName,created,emailCampaignId,filteredEvent,id,portalId,recipient,subject,type,_airbyte_raw_id,_airbyte_extracted_at",
        {
            "email_events.source_key": "id", "email_events.contact_point": "recipient", "email_events.campaign_key": "emailCampaignId", "email_events.kind": "type",
            "email_events.occurred_at": "created",
        },
    ),
}  # fmt: skip
HUBSPOT_LANDED: Tables = {
    "contact": (
        "id,property_email,property_firstname,property_lastname,property_phone,property_address,property_zip,property_city,property_country,property_jobtitle,"
        "property_associatedcompanyid,property_createdate,property_lastmodifieddate,property_hs_email_optout,_fivetran_deleted",
        {
            "people.source_key": "id", "people.email": "property_email", "people.given_name": "property_firstname", "people.family_name": "property_lastname",
            "people.phone": "property_phone", "people.street": "property_address", "people.postal_code": "property_zip", "people.city": "property_city",
            "people.country_code": "property_country", "people.position": "property_jobtitle", "people.company_key": "property_associatedcompanyid",
            "people.created_at": "property_createdate", "people.updated_at": "property_lastmodifieddate", "consent_events.status": "property_hs_email_optout",
        },
    ),
    "contact_merge_audit": ("canonical_vid,contact_id,vid_to_merge,timestamp,_fivetran_synced", {}),
    "company": (
        "id,is_deleted,property_name,property_createdate,property_industry,property_country,_fivetran_synced",
        {"companies.source_key": "id", "companies.name": "property_name", "companies.industry": "property_industry", "companies.country_code": "property_country"},
    ),
    "deal": (
        "deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,owner_id,property_dealname,property_amount,property_deal_currency_code,property_closedate,property_createdate",
        {
            "deals.source_key": "deal_id", "deals.person_key": "deal_contact.contact_id", "deals.company_key": "deal_company.company_id", "deals.pipeline": "deal_pipeline_id",
            "deals.stage": "deal_pipeline_stage.label", "deals.amount": "property_amount", "deals.currency": "property_deal_currency_code",
            "deals.opened_at": "property_createdate", "deals.closed_at": "property_closedate", "deals.is_won": "deal_pipeline_stage.closed_won",
        },
    ),
    "deal_contact": ("contact_id,deal_id,_fivetran_synced", {}),
    "deal_company": ("company_id,deal_id,_fivetran_synced", {}),
    "deal_pipeline_stage": ("stage_id,pipeline_id,label,is_closed,closed_won,probability,display_order,_fivetran_synced", {}),
    "merged_deal": ("deal_id,merged_deal_id,_fivetran_synced", {}),
    "ticket": (
        "id,is_deleted,property_closed_date,property_createdate,property_first_agent_reply_date,property_hs_pipeline,property_hs_pipeline_stage,"
        "property_hs_ticket_category,property_subject,property_content,_fivetran_synced",
        {
            "tickets.source_key": "id", "tickets.person_key": "ticket_contact.contact_id", "tickets.opened_at": "property_createdate",
            "tickets.first_reply_at": "property_first_agent_reply_date", "tickets.solved_at": "property_closed_date", "tickets.category": "property_hs_ticket_category",
        },
    ),
    "ticket_contact": ("ticket_id,contact_id,_fivetran_synced", {}),
    "email_event": (
        "id,app_id,caused_by_id,created,email_campaign_id,portal_id,sent_by_id,type,filtered_event,recipient,_fivetran_synced",
        {
            "email_events.source_key": "id", "email_events.kind": "type", "email_events.contact_point": "recipient", "email_events.campaign_key": "email_campaign_id",
            "email_events.occurred_at": "created",
        },
    ),
    "email_campaign": ("id,app_id,content_id,name,num_included,subject,type,_fivetran_synced", {"campaigns.source_key": "id", "campaigns.name": "name"}),
}  # fmt: skip
QUALTRICS_EXPORT: Tables = {
    "responses": (
        "StartDate,EndDate,Status,IPAddress,Progress,Duration (in seconds),Finished,RecordedDate,ResponseId,RecipientLastName,RecipientFirstName,RecipientEmail,"
        "ExternalReference,LocationLatitude,LocationLongitude,DistributionChannel,UserLanguage,Q1",
        {
            "survey_responses.source_key": "ResponseId", "survey_responses.person_key": "RecipientEmail", "survey_responses.submitted_at": "RecordedDate",
            "people.email": "RecipientEmail", "people.given_name": "RecipientFirstName", "people.family_name": "RecipientLastName",
        },
    )
}  # fmt: skip
QUALTRICS_LANDED: Tables = {
    "survey_response": (
        "id,distribution_channel,duration_in_seconds,finished,recipient_email,recipient_first_name,recipient_last_name,recorded_date,status,survey_id,_fivetran_synced",
        {
            "survey_responses.source_key": "id", "survey_responses.person_key": "recipient_email", "survey_responses.submitted_at": "recorded_date",
            "survey_responses.survey": "survey.survey_name", "people.email": "recipient_email", "people.given_name": "recipient_first_name",
            "people.family_name": "recipient_last_name",
        },
    ),
    "survey": ("id,survey_name,survey_status,brand_id,_fivetran_synced", {}),
    "question_response": (
        "_fivetran_id,loop_id,question,question_id,question_option_key,response_id,sub_question_key,sub_question_text,text,value,_fivetran_synced",
        {"survey_answers.response_key": "response_id", "survey_answers.question": "question", "survey_answers.answer_number": "value"},
    ),
    "directory_contact": (
        "directory_id,id,creation_date,directory_unsubscribe_date,directory_unsubscribed,email,first_name,last_name,last_modified,phone,_fivetran_synced",
        {
            "people.source_key": "id", "people.email": "email", "people.phone": "phone", "people.given_name": "first_name", "people.family_name": "last_name",
            "people.created_at": "creation_date", "people.updated_at": "last_modified", "consent_events.status": "directory_unsubscribed",
            "consent_events.stated_at": "directory_unsubscribe_date",
        },
    ),
}  # fmt: skip
TYPEFORM_EXPORT: Tables = {
    "responses": (
        "#,How likely are you to recommend us?,email,Response Type,Start Date (UTC),Stage Date (UTC),Submit Date (UTC),Network ID,Tags,Ending",
        {"survey_responses.source_key": "#", "survey_responses.person_key": "email", "survey_responses.submitted_at": "Submit Date (UTC)", "people.email": "email"},
    )
}  # fmt: skip
TYPEFORM_LANDED: Tables = {
    "responses": (
        "response_id,token,landing_id,landed_at,submitted_at,response_type,hidden__email,_forms_title,_dlt_id,_dlt_load_id",
        {
            "survey_responses.source_key": "response_id", "survey_responses.person_key": "hidden__email", "survey_responses.survey": "_forms_title",
            "survey_responses.submitted_at": "submitted_at", "survey_responses.nps": "answers.number", "people.email": "hidden__email",
        },
    ),
    "answers": (
        "field__id,field__type,field__ref,type,number,text,choice__label,_dlt_parent_id,_dlt_list_idx,_dlt_id",
        {"survey_answers.response_key": "responses.response_id", "survey_answers.question": "field__ref", "survey_answers.kind": "field__type", "survey_answers.answer_number": "number"},
    ),
}  # fmt: skip
GOOGLE_ADS_EXPORT: Tables = {
    "campaigns": (
        "Day,Campaign,Campaign ID,Campaign type,Currency code,Cost,Impr.,Clicks,Conversions",
        {"ad_spend.spend_on": "Day", "ad_spend.campaign": "Campaign", "ad_spend.spend": "Cost", "ad_spend.currency": "Currency code", "ad_spend.impressions": "Impr.", "ad_spend.clicks": "Clicks"},
    )
}  # fmt: skip
GOOGLE_ADS_LANDED: Tables = {
    "campaign_stats": (
        "_fivetran_id,customer_id,id,date,device,ad_network_type,base_campaign,clicks,conversions,cost_micros,impressions,_fivetran_synced",
        {
            "ad_spend.spend_on": "date", "ad_spend.campaign": "campaign_history.name", "ad_spend.spend": "cost_micros", "ad_spend.currency": "account_history.currency_code",
            "ad_spend.impressions": "impressions", "ad_spend.clicks": "clicks",
        },
    ),
    "campaign_history": ("id,customer_id,name,advertising_channel_type,serving_status,status,updated_at,_fivetran_active", {}),
    "account_history": ("id,currency_code,descriptive_name,time_zone,auto_tagging_enabled,updated_at", {}),
}  # fmt: skip
META_ADS_EXPORT: Tables = {
    "campaigns": (
        "Campaign name,Campaign ID,Day,Results,Reach,Frequency,Amount spent (EUR),Impressions,Link clicks,Clicks (all),Reporting starts,Reporting ends",
        {
            "ad_spend.spend_on": "Day", "ad_spend.campaign": "Campaign name", "ad_spend.spend": "Amount spent (EUR)", "ad_spend.impressions": "Impressions",
            "ad_spend.reach": "Reach", "ad_spend.clicks": "Link clicks",
        },
    )
}  # fmt: skip
META_ADS_LANDED: Tables = {
    "basic_ad": (
        "ad_id,ad_name,adset_name,date,account_id,impressions,inline_link_clicks,spend,reach,frequency",
        {
            "ad_spend.spend_on": "date", "ad_spend.campaign": "campaign_history.name", "ad_spend.spend": "spend", "ad_spend.currency": "account_history.currency",
            "ad_spend.impressions": "impressions", "ad_spend.clicks": "inline_link_clicks",
        },
    ),
    "ad_history": ("id,name,account_id,ad_set_id,campaign_id,creative_id,updated_time", {}),
    "campaign_history": ("id,account_id,name,start_time,stop_time,status,daily_budget,updated_time", {}),
    "account_history": ("id,name,currency,account_status,timezone_name,created_time,_fivetran_synced", {}),
}  # fmt: skip
BREVO_EXPORT: Tables = {
    "contacts": (
        "CONTACT ID,EMAIL,LASTNAME,FIRSTNAME,WHATSAPP,SMS,DOUBLE_OPT-IN,OPT_IN,LANDLINE_NUMBER,EXT_ID,CONTACT_TIMEZONE,JOB_TITLE,LINKEDIN,EMAIL_BLACKLISTED,ADDED_TIME,MODIFIED_TIME",
        {
            "people.email": "EMAIL", "people.given_name": "FIRSTNAME", "people.family_name": "LASTNAME", "people.position": "JOB_TITLE", "people.created_at": "ADDED_TIME",
            "people.updated_at": "MODIFIED_TIME", "consent_events.status": "EMAIL_BLACKLISTED", "consent_events.contact_point": "EMAIL",
        },
    )
}  # fmt: skip
MATOMO_EXPORT: Tables = {
    "visits": (
        "idSite,idVisit,visitIp,visitorId,fingerprint,goalConversions,serverTimestamp,firstActionTimestamp,userId,visitorType,visitConverted,visitEcommerceStatus,"
        "visitDuration,searches,actions,referrerType,referrerName,referrerUrl,countryCode,city",
        {
            "web_sessions.source_key": "idVisit", "web_sessions.visitor_key": "visitorId", "web_sessions.person_key": "userId", "web_sessions.started_at": "firstActionTimestamp",
            "web_sessions.duration_seconds": "visitDuration", "web_sessions.page_views": "actions", "web_sessions.landing_channel": "referrerType",
            "web_sessions.campaign": "referrerName", "web_sessions.is_bounce": "actions", "web_sessions.is_converted": "visitEcommerceStatus",
        },
    )
}  # fmt: skip
