/** Alerts: told by other features, listed and acknowledged by people, sent to a webhook. */
@NullMarked
package dev.meterkite.functions.alerts;

import org.jspecify.annotations.NullMarked;
