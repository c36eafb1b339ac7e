package dev.meterkite.functions.log;

import java.time.Duration;

/**
 * One invocation of a function, as its log line has it. Nothing of what it was about: no payloads,
 * keys, tokens, e-mails.
 *
 * @param function the function's name
 * @param requestId the request's or event's id
 * @param outcome a word for what became of it, such as {@code ok}, {@code insufficient_credits}
 * @param status the HTTP status; 0 for an event
 * @param duration how long it took
 * @param attempts commits tried; 0 where nothing was to be committed
 * @param batch commands in the last of them
 * @param warning whether somebody should look at it: 5xx, an event given up or to be repeated
 */
public record Invocation(
    String function,
    String requestId,
    String outcome,
    int status,
    Duration duration,
    int attempts,
    int batch,
    boolean warning) {}
