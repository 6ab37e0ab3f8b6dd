/** The settings of the log. */
import { logLevels } from './log.ts';
import { anyText, onOff, oneOfWords, optional } from './parsers.ts';
import { asRead, settingGroup } from './settings.ts';

export const logSettings = settingGroup({
  title: 'Log',
  rows: {
    logLevel: {
      name: 'LOG_LEVEL',
      reads: oneOfWords(logLevels),
      default: 'info',
      absent: 'info',
      meaning: 'lowest level that is logged',
      example: 'debug',
    },
    logFiles: {
      name: 'COFFER_LOG_FILES',
      reads: onOff,
      default: true,
      absent: 'on',
      meaning: 'also write the log to files',
      example: 'off',
    },
    logFolder: {
      name: 'COFFER_LOG_FOLDER',
      reads: optional(anyText),
      default: undefined,
      absent: 'logs in COFFER_HOME',
      meaning: 'folder of the log files',
      example: '/var/log/coffer',
    },
  },
  combine: asRead,
});
