package dev.meterkite.functions.http;

/**
 * What is wrong with one field of a request.
 *
 * @param field its path, such as {@code records[3].amount}; empty for the body as a whole
 * @param code a stable word, such as {@code required}
 * @param message one sentence for a person
 */
public record Violation(String field, String code, String message) {}
