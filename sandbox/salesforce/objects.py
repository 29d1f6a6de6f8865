"""The org's objects: the standard ones that a sales team uses, and the custom fields that Landbridge writes.

`Landbridge_Id__c` is the external id, unique in any case. `Legacy_Id__c` is an external id that is *not* unique,
as orgs that grew have them: an upsert by it can match several rows.
"""

from sandbox.salesforce.schema import SObject, read_object

_STATES = "Open - Not Contacted;Working - Contacted;Closed - Converted;Closed - Not Converted"
_STAGES = (
    "Prospecting;Qualification;Needs Analysis;Value Proposition;Id. Decision Makers;Perception Analysis;"
    "Proposal/Price Quote;Negotiation/Review;Closed Won;Closed Lost"
)
_SYSTEM = """
    Id id readonly
    IsDeleted boolean readonly
    CreatedDate datetime readonly
    CreatedById reference readonly > User
    LastModifiedDate datetime readonly
    LastModifiedById reference readonly > User
    SystemModstamp datetime readonly
"""
_OWNED = "    OwnerId reference defaulted > User\n"
_PERSON = """
    FirstName string(40)
    LastName string(80) required
    Name string(121) readonly
    Salutation picklist(40) : Mr.;Ms.;Mrs.;Dr.;Prof.;Mx.
    Title string(128)
    Email email(80) idlookup
    Phone phone
    MobilePhone phone
    Fax phone
    Description textarea(32000)
    HasOptedOutOfEmail boolean defaulted
    HasOptedOutOfFax boolean defaulted
    DoNotCall boolean defaulted
    LastActivityDate date readonly
    LeadSource picklist : Web;Phone Inquiry;Partner Referral;Purchased List;Other;Social;Support;Marketing;Hand-in
    Language__c string(20)
    Secondary_Email__c email
    Social_Handle__c string(255)
"""
_LANDBRIDGE = """
    Landbridge_Id__c string(255) externalid unique idlookup
    Landbridge_Score__c double
    Landbridge_Reasons__c textarea(32000)
    Landbridge_Intent__c string(255)
    Landbridge_Route__c string(255)
    Landbridge_Handles__c textarea(4000)
    Landbridge_Sources__c textarea(4000)
    Landbridge_Consent__c string(255)
    Landbridge_Last_Touch__c datetime
    Landbridge_Account__c reference > Account
    Landbridge_Account_Reason__c string(255)
    Landbridge_Merged_Into__c string(255)
    Legacy_Id__c string(40) externalid
"""
_LEAD = f"""
    Company string(255) required
    Street textarea(255)
    City string(40)
    State string(80)
    PostalCode string(20)
    Country string(80)
    Birthdate__c date
    Website url
    Industry picklist : Agriculture;Banking;Consulting;Education;Energy;Healthcare;Manufacturing;Retail;Technology;Other
    NumberOfEmployees int
    AnnualRevenue currency
    Rating picklist(40) restricted : Hot;Warm;Cold
    Status picklist defaulted restricted : {_STATES}
    IsConverted boolean readonly
    ConvertedDate date readonly
    ConvertedAccountId reference readonly > Account
    ConvertedContactId reference readonly > Contact
    ConvertedOpportunityId reference readonly > Opportunity
    MasterRecordId reference readonly > Lead
    IsUnreadByOwner boolean defaulted
"""
_CONTACT = """
    AccountId reference > Account
    MailingStreet textarea(255)
    MailingCity string(40)
    MailingState string(80)
    MailingPostalCode string(20)
    MailingCountry string(80)
    Department string(80)
    Birthdate date
    HomePhone phone
    OtherPhone phone
    MasterRecordId reference readonly > Contact
"""
_ACCOUNT = """
    Name string(255) required
    Type picklist : Prospect;Customer - Direct;Customer - Channel;Partner;Other
    BillingStreet textarea(255)
    BillingCity string(40)
    BillingState string(80)
    BillingPostalCode string(20)
    BillingCountry string(80)
    Phone phone
    Website url
    Industry picklist : Agriculture;Banking;Consulting;Education;Energy;Healthcare;Manufacturing;Retail;Technology;Other
    NumberOfEmployees int
    AnnualRevenue currency
    Description textarea(32000)
    ParentId reference > Account
    MasterRecordId reference readonly > Account
"""
_OPPORTUNITY = f"""
    AccountId reference > Account
    ContactId reference createonly > Contact
    Name string(120) required
    StageName picklist required restricted : {_STAGES}
    Amount currency
    Probability percent
    CloseDate date required
    Type picklist : Existing Customer;New Customer
    LeadSource picklist : Web;Phone Inquiry;Partner Referral;Purchased List;Other;Social;Support;Marketing;Hand-in
    IsClosed boolean readonly
    IsWon boolean readonly
    CampaignId reference > Campaign
    Description textarea(32000)
    Landbridge_Id__c string(255) externalid unique idlookup
"""
_CONTACT_ROLE = """
    OpportunityId reference required createonly > Opportunity
    ContactId reference required > Contact
    Role picklist(40) : Business User;Decision Maker;Evaluator;Other
    IsPrimary boolean defaulted
"""
_TASK = """
    WhoId reference > Lead,Contact
    WhatId reference > Account,Opportunity,Campaign
    Subject combobox(255)
    Status picklist defaulted : Not Started;In Progress;Completed;Waiting on someone else;Deferred
    Priority picklist defaulted : High;Normal;Low
    ActivityDate date
    Description textarea(32000)
    Type picklist : Call;Email;Meeting;Other
    IsClosed boolean readonly
    Landbridge_Id__c string(255) externalid unique idlookup
"""
_CAMPAIGN = """
    Name string(80) required
    Type picklist : Conference;Webinar;Email;Advertisement;Social;Other
    Status picklist defaulted : Planned;In Progress;Completed;Aborted
    StartDate date
    EndDate date
    IsActive boolean defaulted
    Description textarea(32000)
    ParentId reference > Campaign
    Landbridge_Id__c string(255) externalid unique idlookup
"""
_CAMPAIGN_MEMBER = """
    CampaignId reference required createonly > Campaign
    LeadId reference createonly > Lead
    ContactId reference createonly > Contact
    Status picklist defaulted : Sent;Responded
    HasResponded boolean readonly
    FirstRespondedDate date readonly
    Landbridge_Id__c string(255) externalid unique idlookup
"""
_USER = """
    Username string(80) required unique
    FirstName string(40)
    LastName string(80) required
    Name string(121) readonly
    Email email(128) required
    IsActive boolean defaulted
"""
_ORGANIZATION = """
    Name string(80) readonly
    OrganizationType picklist(40) readonly
    InstanceName string(5) readonly
    IsSandbox boolean readonly
    LanguageLocaleKey picklist(40) readonly
"""

OBJECTS: dict[str, SObject] = {
    made.name: made
    for made in (
        read_object("Lead", "00Q", _SYSTEM + _OWNED + _PERSON + _LEAD + _LANDBRIDGE),
        read_object("Contact", "003", _SYSTEM + _OWNED + _PERSON + _CONTACT + _LANDBRIDGE),
        read_object("Account", "001", _SYSTEM + _OWNED + _ACCOUNT + _LANDBRIDGE),
        read_object("Opportunity", "006", _SYSTEM + _OWNED + _OPPORTUNITY),
        read_object("OpportunityContactRole", "00K", _SYSTEM + _CONTACT_ROLE),
        read_object("Task", "00T", _SYSTEM + _OWNED + _TASK),
        read_object("Campaign", "701", _SYSTEM + _OWNED + _CAMPAIGN),
        read_object("CampaignMember", "00v", _SYSTEM + _CAMPAIGN_MEMBER),
        read_object("User", "005", _SYSTEM + _USER),
        read_object("Organization", "00D", _SYSTEM + _ORGANIZATION),
    )
}
_FOLDED = {name.lower(): made for name, made in OBJECTS.items()}
PREFIXES: dict[str, SObject] = {made.prefix: made for made in OBJECTS.values()}

DEFAULTS: dict[str, dict[str, object]] = {
    "Lead": {
        "Status": "Open - Not Contacted",
        "IsConverted": False,
        "HasOptedOutOfEmail": False,
        "HasOptedOutOfFax": False,
        "DoNotCall": False,
        "IsUnreadByOwner": True,
    },
    "Contact": {"HasOptedOutOfEmail": False, "HasOptedOutOfFax": False, "DoNotCall": False},
    "Opportunity": {"IsClosed": False, "IsWon": False},
    "OpportunityContactRole": {"IsPrimary": False},
    "Task": {"Status": "Not Started", "Priority": "Normal", "IsClosed": False},
    "Campaign": {"Status": "Planned", "IsActive": False},
    "CampaignMember": {"Status": "Sent", "HasResponded": False},
    "User": {"IsActive": True},
}


def find_object(name: str) -> SObject | None:
    """The object of that name in any case, or None."""
    return _FOLDED.get(name.lower())
