DROP TABLE platform_tag_words;
