/** Alerts: one for each incident. */
@NullMarked
package dev.meterkite.model.alerts;

import org.jspecify.annotations.NullMarked;
