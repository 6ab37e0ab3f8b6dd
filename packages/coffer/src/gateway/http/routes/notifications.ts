/** Notifications: a user's own, and the list shared by staff. */
import type { Static } from 'typebox';
import type { Notification } from '../../../insights/index.ts';
import { orNull, ref, strict, Timestamp } from '../../../operations/index.ts';
import { actorOf } from '../actor.ts';
import type { App, Product, Request } from '../app.ts';
import { accountOf } from '../callers.ts';
import { problem, sendProblem } from '../problem.ts';
import { limitMax, problems } from '../schemas.ts';
import Type from 'typebox';

export const NotificationView = Type.Object(
  {
    id: Type.String(),
    kind: Type.String({ examples: ['money_received'] }),
    text: Type.String({ description: 'what happened, in one sentence' }),
    walletId: Type.String(),
    facts: Type.Record(Type.String(), Type.String(), { description: 'for programs; amounts in minor units' }),
    createdAt: Timestamp,
    readAt: orNull(Timestamp),
    readBy: orNull(Type.String({ description: 'for staff notifications: who read it first' })),
  },
  { $id: 'Notification', ...strict },
);
export const notificationSchemas = [NotificationView];

const NotificationPage = Type.Object(
  {
    items: Type.Array(ref(NotificationView)),
    next: orNull(Type.String({ description: 'cursor of the next page; null on the last page' })),
    unreadCount: Type.Integer({ description: 'number of unread notifications in total; 1000 means 1000 or more' }),
  },
  strict,
);
const query = Type.Object(
  {
    unread: Type.Optional(Type.Boolean({ description: 'true: only unread notifications' })),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: limitMax, default: 50, description: `maximum number of items: 1 to ${limitMax}` }),
    ),
    cursor: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'the `next` of the previous page' })),
  },
  strict,
);
const params = Type.Object({ notificationId: Type.String({ pattern: '^[1-9][0-9]{0,14}$', description: 'notification id' }) }, strict);
const tags = ['Notifications'];

/** Users have their own notifications; staff share one list. */
const lists = [
  {
    path: '/users/me/notifications',
    mine: true,
    names: { list: 'listMyNotifications', read: 'readMyNotification', all: 'readAllMyNotifications' },
  },
  { path: '/notifications', mine: false, names: { list: 'listNotifications', read: 'readNotification', all: 'readAllNotifications' } },
] as const;

export function notificationRoutes(app: App, product: Product): void {
  for (const { path, mine, names } of lists) {
    const whose = mine ? "the caller's" : "staff's";
    const readerOf = (request: Request) => (mine ? accountOf(request) : null);

    app.get(
      path,
      {
        schema: {
          operationId: names.list,
          description: `Lists the notifications of ${mine ? 'the caller' : 'staff'} from the last 90 days, newest first`,
          tags,
          querystring: query,
          response: { 200: NotificationPage, ...problems() },
        },
      },
      async (request) => {
        const { limit = 50, cursor, unread } = request.query;
        const found = await product.insights.notifications.list(readerOf(request), { limit, cursor, unread });
        return { ...found, items: found.items.map(presentNotification) };
      },
    );

    app.post(
      `${path}/:notificationId/read`,
      {
        schema: {
          operationId: names.read,
          description: `Marks one of ${whose} notifications as read; repeating it changes nothing`,
          tags,
          params,
          response: { 200: ref(NotificationView), ...problems(404) },
        },
      },
      async (request, reply) => {
        const { notificationId } = request.params;
        const read = await product.insights.notifications.markRead(readerOf(request), notificationId, actorOf(request));
        if (!read) return sendProblem(reply, problem('notification_not_found', { facts: { id: notificationId } }));
        return reply.send(presentNotification(read));
      },
    );

    app.post(
      `${path}/read-all`,
      {
        schema: {
          operationId: names.all,
          description: `Marks all of ${whose} notifications as read`,
          tags,
          response: {
            200: Type.Object({ read: Type.Integer({ description: 'number of notifications that were unread' }) }, strict),
            ...problems(),
          },
        },
      },
      async (request) => ({ read: await product.insights.notifications.markAllRead(readerOf(request), actorOf(request)) }),
    );
  }
}

export function presentNotification({
  id,
  kind,
  text,
  wallet,
  facts,
  createdAt,
  readAt,
  readBy,
}: Notification): Static<typeof NotificationView> {
  return {
    id,
    kind,
    text,
    walletId: wallet,
    facts: { ...facts },
    createdAt: createdAt.toISOString(),
    readAt: readAt?.toISOString() ?? null,
    readBy,
  };
}
