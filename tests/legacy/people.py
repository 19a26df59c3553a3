"""Who and what an old installation has beside its calls: nothing of it may change."""

from werkzeug.security import generate_password_hash

PASSWORD = "an old password"
SCRYPT = generate_password_hash(PASSWORD, "scrypt:1024:8:1")
PBKDF2 = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000")

PEOPLE = f"""
INSERT INTO business (id, name, phone_number, business_type, greeting_message, is_active, created_at, updated_at) VALUES
    (1, 'מאפיית הוורד', '+1 (415) 555-0101', 'bakery', 'שלום!', NULL, '2019-01-02 03:04', 'infinity'),
    (2, 'Bob''s', '+1 415  5550102', 'general', '  ', TRUE, '0044-01-01 BC', NULL),
    (3, 'Also Bob''s', 'whatsapp:+14155550102, 0014155550103', '', NULL, TRUE, '294276-01-01', NULL),
    (4, 'No number', '03-1234567', 'general', NULL, FALSE, NULL, NULL);
SELECT setval('business_id_seq', 4);
INSERT INTO users (id, business_id, email, password_hash, name, role, is_active, created_at, last_login) VALUES
    (1, 1, 'Alice@Example.com', '{SCRYPT}', 'אליס', 'owner', NULL, 'infinity', '-infinity'),
    (2, 2, 'bob@example.com', '{PBKDF2}', 'Bob', ' Manager', TRUE, '2020-01-01', NULL),
    (3, NULL, 'root@example.com', '{SCRYPT}', NULL, 'system_admin', TRUE, NULL, '10000-01-01'),
    (4, 2, 'switchboard@example.com', '{SCRYPT}', NULL, 'operator', TRUE, NULL, NULL),
    (5, 1, 'gone@example.com', '{SCRYPT}', NULL, 'owner', FALSE, NULL, NULL),
    (6, 1, 'plain@example.com', '{PASSWORD}', NULL, 'owner', TRUE, NULL, NULL),
    (7, 1, 'broken@example.com', 'pbkdf2:sha256:many$salt$00', NULL, 'owner', TRUE, NULL, NULL);
SELECT setval('users_id_seq', 7);
INSERT INTO customer (business_id, name, phone_number) VALUES (1, 'לקוח', '050-1234567'), (2, '', NULL);
INSERT INTO leads (tenant_id, first_name, phone_e164, owner_user_id, tags, notes) VALUES
    (1, 'דנה', '+972501234567', 1, '["vip"]', E'a\\nb'), (2, NULL, '', NULL, NULL, repeat('x', 100000));
INSERT INTO faqs (business_id, question, answer) VALUES (1, 'מתי פתוח?', '08:00'), (2, 'Why?', '');
"""
UNTOUCHED = ("users", "customer", "leads", "faqs")
OLD_COLUMNS_OF_BUSINESS = "id, name, business_type, phone_number, whatsapp_number, greeting_message, system_prompt"
